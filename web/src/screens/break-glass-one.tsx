import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { glassMineQuery, glassQuery } from "../api/break-glass-queries.ts";
import { Answer, Problem } from "../parts/answer.tsx";
import { Page } from "../parts/page.tsx";
import { Glass } from "./break-glass.tsx";

/** What makes and verifies statements comes only where somebody signs one. */
const BreakGlassSigning = lazy(async () => ({
  default: (await import("./break-glass-signing.tsx")).BreakGlassSigning,
}));

/** One emergency: what is set aside and why, and the signature or the review under it. */
export function OneBrokenGlass() {
  const { id } = useParams({ from: "/break-glass/$id" });
  const glass = useQuery(glassQuery(id));
  const mine = useQuery(glassMineQuery(id));
  return (
    <Page title={`Broken glass ${id}`}>
      <Answer query={glass}>
        {(view) => (
          <>
            <Glass glass={view} alone />
            <Suspense fallback={<p className="muted">Loading…</p>}>
              {mine.data === undefined ? (
                mine.error === null ? null : (
                  <Problem error={mine.error} />
                )
              ) : (
                // The first signature, the second and the review begin with an empty form each.
                <BreakGlassSigning
                  key={`${view.id} ${view.state} ${view.signatures.length}`}
                  view={view}
                  mine={mine.data}
                />
              )}
            </Suspense>
          </>
        )}
      </Answer>
    </Page>
  );
}
