// What was measured on a session's samples, beside what was on its page views.

import { measure, measuredValue } from "./format";
import type { Measured, PageView, Session } from "./model";

/** Page views beside the session: more columns than that nobody compares. */
const PAGE_VIEWS_SHOWN_MAX = 12;

export function Measures(props: { session: Session; pageViews: PageView[] }) {
  const measured = props.pageViews.filter((p) => p.measures.length > 0);
  const shown = measured.slice(-PAGE_VIEWS_SHOWN_MAX);
  const columns = [props.session, ...shown].map((part) => byName(part.measures));
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  if (names.length === 0) return null;
  return (
    <section aria-labelledby="measures">
      <h2 id="measures">
        Measures <span class="count">{names.length}</span>
      </h2>
      <div class="scroller" tabIndex={0} role="region" aria-labelledby="measures">
        <table class="plain-table measures">
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col">Unit</th>
              <th scope="col" class="n">Session</th>
              {shown.map((p) => (
                <th key={p.ordinal} scope="col" class="n path" title={p.path}>
                  {p.ordinal + 1} {p.path}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {names.map((name) => {
              const { words, unit } = measure(name);
              return (
                <tr key={name} data-testid="measure" data-measure={name}>
                  <th scope="row" title={name}>
                    {words}
                  </th>
                  <td class="unit">{unit}</td>
                  {columns.map((column, i) => (
                    <td key={i} class="n">
                      <Value value={column.get(name)} />
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {measured.length > shown.length && (
        <p class="faint">The newest {shown.length} of {measured.length} page views.</p>
      )}
    </section>
  );
}

const byName = (measures: Measured[]): ReadonlyMap<string, number> =>
  new Map(measures.map((m) => [m.measure, m.value]));

function Value(props: { value: number | undefined }) {
  if (props.value === undefined) return <span class="faint" aria-label="not measured">–</span>;
  return <span title={String(props.value)}>{measuredValue(props.value)}</span>;
}
