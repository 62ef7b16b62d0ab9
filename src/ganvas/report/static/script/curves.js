/** The view of curves: a card per metric, a line per group of runs, its band over images and seeds. */

import { drawCurves, SERIES, seriesColor } from './charts.js';
import {
  axes,
  axisByName,
  byImportance,
  data,
  final,
  goodness,
  level,
  metricTitle,
  rankingBy,
  runName,
  settingName,
  settingOf,
} from './data.js';
import { append, choice, h, select, toggle } from './dom.js';
import { band } from './smooth.js';
import { set, state, visibleRuns } from './state.js';

const GAP = 16; // px between cards, as in the style sheet
const CARD = 460; // px, the least width of a card
const MOST_NAMED = 12;

export const curveNames = (run) => Object.keys(data.curves.ofRun[run.index].mean);
const curveMetrics = [...new Set(data.curves.ofRun.flatMap((curve) => Object.keys(curve.mean)))];

/** A run's points of a metric, [x, mean, variance]; x is the step or the seconds. */
function runPoints(run, metric, time) {
  const curve = data.curves.ofRun[run.index];
  const xs = time ? curve.seconds : data.curves.steps[curve.steps];
  const means = curve.mean[metric] ?? [];
  return means
    .map((mean, place) => [xs[place], mean, curve.variance[metric][place] ?? 0])
    .filter(([x, mean]) => x !== null && mean !== null);
}

export const curveOf = (list, metric, time) =>
  band(
    list.map((run) => runPoints(run, metric, time)),
    time,
  );

function linesPer() {
  const chosen = state.lines || (byImportance(state.metric)[0]?.name ?? 'setting');
  return axisByName.get(chosen)?.name ?? chosen;
}

function curveGroups(list) {
  const per = linesPer();
  if (per === 'run') return runGroups(list);
  const axis = axisByName.get(per);
  if (axis) {
    const named = (name, place) => {
      const members = list.filter((run) => level(axis, run) === name);
      return { name, color: seriesColor(place), runs: members };
    };
    return axis.levels.map(named).filter((group) => group.runs.length);
  }
  const order = rankingBy(state.metric).map((row) => row.setting);
  const rank = (setting) => (order.includes(setting) ? order.indexOf(setting) : Infinity);
  return [...Map.groupBy(list, settingOf)]
    .sort((a, b) => rank(a[0]) - rank(b[0]) || a[0] - b[0])
    .slice(0, SERIES)
    .map(([setting, members], place) => ({
      name: settingName(setting),
      color: seriesColor(place),
      runs: members,
    }));
}

function runGroups(list) {
  const good = goodness(state.metric, list);
  return list.map((run) => {
    const share = Math.round(100 * (good(final(state.metric, run)) ?? 0));
    const color = `color-mix(in oklab, var(--good) ${share}%, var(--poor))`;
    return { name: runName(run), color, runs: [run], run };
  });
}

export function curvesView() {
  const groups = curveGroups(visibleRuns());
  const shown = curveMetrics.includes(state.only) ? [state.only] : curveMetrics;
  const legend = ({ name, color, runs }) =>
    h('span', { style: { '--c': color } }, h('i'), name, h('small', {}, ` ${runs.length}`));
  const grid = h('div', { class: `curves${shown.length === 1 ? ' one' : ''}` });
  requestAnimationFrame(() => {
    const width = chartWidth(grid.clientWidth);
    append(
      grid,
      shown.map((metric) => curveCard(metric, groups, width)),
    );
  });
  return h(
    'section',
    { class: 'view' },
    curvesBar(),
    groups.length <= MOST_NAMED && h('div', { class: 'legend' }, groups.map(legend)),
    linesPer() === 'setting' &&
      groups.length > 1 &&
      h('p', { class: 'note' }, `The best ${groups.length} settings by ${state.metric}.`),
    linesPer() === 'run' && h('p', { class: 'note' }, 'A click opens the run of the nearest line.'),
    curveMetrics.length ? grid : h('p', { class: 'empty' }, 'No curve has been recorded yet.'),
  );
}

function curvesBar() {
  const lines = [...axes.map((axis) => [axis.name, axis.short]), ['setting', 'setting']];
  const slider = h('input', {
    ...{ type: 'range', min: 0, max: 0.95, step: 0.05, value: state.smooth },
    'data-key': 'smooth',
    oninput: () => set({ smooth: slider.value }),
  });
  const spread = 'Standard deviation over images and seeds';
  return h(
    'div',
    { class: 'bar' },
    select('a line per', [...lines, ['run', 'run']], linesPer(), (value) => set({ lines: value })),
    choice(
      'x',
      [
        ['step', 'step'],
        ['seconds', 'wall-clock'],
      ],
      state.x,
      (x) => set({ x }),
    ),
    toggle('log', Boolean(state.log), (on) => set({ log: on ? '1' : '' })),
    toggle('band', state.band === '1', (on) => set({ band: on ? '1' : '0' }), spread),
    h(
      'label',
      { class: 'field' },
      h('span', {}, 'smooth'),
      slider,
      h('output', {}, Number(state.smooth).toFixed(2)),
    ),
  );
}

/** Width inside a card, of as many cards as the style sheet puts side by side. */
function chartWidth(all) {
  const count = state.only ? 1 : Math.max(1, Math.floor((all + GAP) / (CARD + GAP)));
  const padding = innerWidth <= 720 ? 28 : 38;
  return Math.max(260, (all - GAP * (count - 1)) / count - padding);
}

function curveCard(metric, groups, width) {
  const time = state.x === 'seconds';
  const series = groups
    .map((group) => ({ ...group, points: curveOf(group.runs, metric, time) }))
    .filter((item) => item.points.length);
  const height = state.only ? Math.max(320, innerHeight - 300) : 280;
  const resize = h(
    'button',
    {
      type: 'button',
      class: 'plain',
      title: state.only ? 'All metrics' : 'Enlarge',
      onclick: () => set({ only: state.only ? '' : metric }),
    },
    state.only ? '⤡' : '⤢',
  );
  return h(
    'figure',
    { class: 'card curve', 'data-metric': metric },
    h('figcaption', {}, metricTitle(metric), resize),
    drawCurves(metric, series, width, height, time),
  );
}
