import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { findingsQuery } from "../../api/finding-queries.ts";
import { Answer } from "../../parts/answer.tsx";
import { Due, FindingStatus, HowBad, LiveIn, placeOf } from "../../parts/finding-words.tsx";
import { Foreign } from "../../parts/foreign.tsx";
import { Section } from "../../parts/numbers.tsx";

export function Serious({
  filter,
}: {
  readonly filter: { readonly service?: string; readonly kind?: string };
}) {
  const { service, kind } = filter;
  const about = {
    ...(service === undefined ? {} : { service }),
    ...(kind === undefined ? {} : { kind }),
  };
  const findings = useQuery(findingsQuery(about, 10));
  return (
    <Section title="The most serious that are open" broad>
      <Answer query={findings}>
        {({ items }) =>
          items.length === 0 ? (
            <p>Nothing is open.</p>
          ) : (
            <div className="scroll" role="group" aria-label="The most serious" tabIndex={0}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">Finding</th>
                    <th scope="col">Severity</th>
                    <th scope="col">Status</th>
                    <th scope="col">What</th>
                    <th scope="col">Where</th>
                    <th scope="col">Live in</th>
                    <th scope="col">Due</th>
                    <th scope="col">Why</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">
                        <Link to="/findings/$id" params={{ id: one.id }}>
                          {one.id}
                        </Link>
                      </th>
                      <td>
                        <HowBad finding={one} />
                      </td>
                      <td>
                        <FindingStatus status={one.status} />
                      </td>
                      <td className="what">
                        <Foreign text={one.title} most={120} />
                      </td>
                      <td className="where">
                        <code>
                          <Foreign text={placeOf(one.place)} most={120} />
                        </code>
                      </td>
                      <td>
                        <LiveIn environments={one.liveIn} />
                      </td>
                      <td>
                        <Due finding={one} />
                      </td>
                      <td>
                        <Foreign text={one.priority.why} most={160} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
    </Section>
  );
}
