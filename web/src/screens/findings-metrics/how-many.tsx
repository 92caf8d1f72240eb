import type { FindingMetrics } from "../../../../src/api/views/finding-metrics.ts";
import { Foreign } from "../../parts/foreign.tsx";
import { Count, counted, Numbers, Rate, Section } from "../../parts/numbers.tsx";
import { Severity } from "../../parts/status.tsx";

export function HowMany({ metrics: { open } }: { readonly metrics: FindingMetrics }) {
  return (
    <Section title="How many are open" broad>
      <div className="numbers tables">
        <Numbers
          title="All"
          rows={[
            { name: "open", key: "open", value: <Count of={open.total} /> },
            { name: "past their date", key: "overdue", value: <Count of={open.overdue} /> },
          ]}
        />
        <Numbers
          title="By severity"
          rows={open.bySeverity.map((one) => ({
            name: <Severity severity={one.name} />,
            key: one.name,
            value: <Count of={one} />,
          }))}
        />
        <Numbers title="By kind" rows={counted(open.byKind)} />
        <Numbers title="By service" rows={counted(open.byService)} />
        <Numbers title="By environment of the first sight" rows={counted(open.byEnvironment)} />
      </div>
    </Section>
  );
}

export function HowFound({ metrics: { found } }: { readonly metrics: FindingMetrics }) {
  return (
    <Section title="How they were found" broad>
      {found.tools.length === 0 ? <p>Nothing was found within these days.</p> : null}
      {found.tools.length === 0 ? null : (
        <div className="scroll" role="group" aria-label="Tools" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Tool</th>
                <th scope="col">Saw</th>
                <th scope="col">Saw first</th>
                <th scope="col">Alone saw</th>
                <th scope="col">False, of what was judged</th>
              </tr>
            </thead>
            <tbody>
              {found.tools.map((one) => (
                <tr key={one.tool}>
                  <th scope="row">
                    <Foreign text={one.tool} most={120} />
                  </th>
                  <td>
                    <Count of={one.found} />
                  </td>
                  <td>
                    <Count of={one.first} />
                  </td>
                  <td>
                    <Rate of={one.only} />
                  </td>
                  <td>
                    <Rate of={one.noise} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Numbers
        title="By stage of the first sight"
        rows={[
          ...counted(found.stages),
          { name: "escaped to production", key: "escaped", value: <Rate of={found.escaped} /> },
        ]}
      />
    </Section>
  );
}
