// A session's page views: their scores and what these rest on.

import { lasting, offset, percent } from "./format";
import type { PageView } from "./model";
import { Meter, NotEnough, Pillars, Reasons } from "./parts";

const METERS = ["frustration", "confusion", "exitRisk", "experience"] as const;

export function PageViews(props: { pageViews: PageView[]; startMs: number }) {
  if (props.pageViews.length === 0) return null;
  return (
    <section aria-labelledby="page-views">
      <h2 id="page-views">
        Page views <span class="count">{props.pageViews.length}</span>
      </h2>
      <div class="scroller" tabIndex={0} role="region" aria-labelledby="page-views">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Page</th>
              <th scope="col" class="n">At</th>
              <th scope="col" class="n">Engaged</th>
              <th scope="col" class="n">Scrolled</th>
              <th scope="col" class="n">Presses</th>
              <th scope="col" class="col-score">Frustration</th>
              <th scope="col" class="col-score">Confusion</th>
              <th scope="col" class="col-score">Exit risk</th>
              <th scope="col" class="col-score">Experience</th>
              <th scope="col" class="col-pillars">Trouble with</th>
            </tr>
          </thead>
          <tbody>
            {props.pageViews.map((p) => (
              <Row key={p.ordinal} view={p} startMs={props.startMs} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row(props: { view: PageView; startMs: number }) {
  const { view: p } = props;
  return (
    <tr data-testid="page-view">
      <th scope="row">
        <span class="first">
          <span class="path">{p.path}</span>
          {p.group && <span class="tag">{p.group}</span>}
        </span>
        {p.scored && <Reasons contributors={p.contributors} />}
      </th>
      <td class="n">{offset(p.startedMs - props.startMs)}</td>
      <td class="n">{lasting(p.engagedMs)}</td>
      <td class="n">{percent(p.scrollDepthMilli)}</td>
      <td class="n">{p.presses}</td>
      {p.scored ? (
        <>
          {METERS.map((kind) => (
            <td key={kind} class="col-score">
              <Meter kind={kind} milli={p.scores[kind]} />
            </td>
          ))}
          <td class="col-pillars">
            <Pillars scores={p.scores} />
          </td>
        </>
      ) : (
        <td class="col-unscored" colSpan={METERS.length + 1}>
          <NotEnough />
        </td>
      )}
    </tr>
  );
}
