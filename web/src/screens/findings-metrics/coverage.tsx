import { Link } from "@tanstack/react-router";
import type { FindingMetrics } from "../../../../src/api/views/finding-metrics.ts";
import { Numbers, Section } from "../../parts/numbers.tsx";
import { Badge } from "../../parts/status.tsx";

export function Coverage({ metrics: { coverage } }: { readonly metrics: FindingMetrics }) {
  return (
    <Section title="Live releases with a complete, trusted scan" broad>
      {coverage.live.length === 0 ? <p>Nothing is live.</p> : null}
      <Numbers
        title="By kind of scan"
        rows={(coverage.live.length === 0 ? [] : coverage.kinds).map(({ kind, n, of }) => ({
          name: kind,
          key: kind,
          value: (
            <>
              {n} of {of} {n < of ? <Badge tone="wait">gap</Badge> : <Badge tone="good">all</Badge>}
            </>
          ),
        }))}
      />
      <Numbers
        title="By live release"
        rows={coverage.live.map((lane) => ({
          name: `${lane.service}@${lane.release.version ?? lane.release.id} in ${lane.environment}`,
          key: `${lane.service}/${lane.environment}`,
          value:
            lane.scans.length === 0 ? (
              <Badge tone="wait">no scan</Badge>
            ) : (
              <Link to="/findings/imports" search={{ service: lane.service }}>
                {lane.scans
                  .map(({ tool, kinds: seen }) => `${tool} (${seen.join(", ")})`)
                  .join(", ")}
              </Link>
            ),
        }))}
      />
    </Section>
  );
}
