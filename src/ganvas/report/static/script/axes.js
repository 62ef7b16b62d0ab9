/** The view of axes: how the settings lead to the metric. */

import { linePath } from './charts.js';
import {
  axes,
  axisByName,
  data,
  final,
  goodness,
  inner,
  judged,
  level,
  metricTitle,
  metricValue,
  metricWithUnit,
  rankingBy,
  runName,
  runs,
  settingOf,
} from './data.js';
import { h, hideTip, showTip, svg } from './dom.js';
import { num, plural, tickText, toldApart } from './format.js';
import { extent, makeScale } from './scale.js';
import { moments } from './smooth.js';
import { brushes, brushValue, set, setBrush, state, visibleRuns } from './state.js';

const HEIGHT = 420;
const LETTER = 6.4; // px
const LEAST_APART = 120; // px between two axes
const MOST_LABELS = 16;
const MOST_VALUES = 4; // levels of an axis whose means are written out
const LONGEST = 18; // letters of a label
const GOLDEN = 0.618;
const FIRST_LINE = 8; // px, of names below their dots
const LINE = 14;

export function axesView() {
  if (axes.every((axis) => axis.image)) {
    const text = 'Nothing varies between the runs of this study but their images.';
    return h('section', { class: 'view' }, h('p', { class: 'empty' }, text));
  }
  return h(
    'section',
    { class: 'view' },
    parallelCard(),
    h('div', { class: 'columns' }, importanceCard(), levelsCard()),
  );
}

/** Parallel coordinates over the axes and the metric; drag along an axis to brush. */
function parallelCard() {
  const list = visibleRuns();
  const best = judged(state.metric) ? rankingBy(state.metric)[0]?.setting : undefined;
  const winners = list.filter((run) => settingOf(run) === best);
  const hint =
    'Drag along an axis to keep only part of it; click on the axis to let go. What is kept is ' +
    'kept in every view. ';
  return h(
    'div',
    { class: 'card' },
    h('h3', {}, 'Parallel coordinates'),
    h(
      'p',
      { class: 'note' },
      hint,
      winners.length > 0 && h('span', { class: 'key-best' }, 'the best setting '),
      state.brush &&
        h(
          'button',
          { type: 'button', onclick: () => set({ brush: '' }) },
          `clear brushes: ${plural(list.length, 'run')} kept`,
        ),
    ),
    h('div', { class: 'scroll' }, parallelChart(new Set(list), new Set(winners))),
  );
}

function parallelChart(inside, winners) {
  const columns = [
    ...axes
      .filter((axis) => !axis.image)
      .map((axis) => ({ name: axis.name, title: axis.short, axis })),
    { name: state.metric, title: metricTitle(state.metric) },
  ];
  const room = document.documentElement.clientWidth - 86; // the card's and the view's padding
  const letters = columns.flatMap(({ axis }) => (axis ? labelledLevels(axis) : []));
  const longest = Math.max(0, ...letters.map(([, text]) => text.length));
  const apart = Math.max(LEAST_APART, longest * LETTER + 24);
  const width = Math.max(Math.min(1500, room), columns.length * apart);
  const box = { left: 40, right: width - 110, top: 44, bottom: HEIGHT - 20 };
  const range = extent(runs.map((run) => final(state.metric, run))) ?? [0, 1];
  for (const [place, column] of columns.entries()) {
    column.x = box.left + ((box.right - box.left) * place) / Math.max(1, columns.length - 1);
    const values = column.axis ? [-0.35, column.axis.levels.length - 0.65] : range;
    column.y = makeScale(values, [box.bottom, box.top]);
  }
  const good = goodness(state.metric, runs);
  const worth = (run) => good(final(state.metric, run)) ?? -1;
  const rank = (run) => inside.has(run) + winners.has(run);
  const ordered = [...runs].sort((a, b) => rank(a) - rank(b) || worth(a) - worth(b));
  const root = svg('svg', {
    ...{ class: 'chart parallel', viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT },
    ...{
      role: 'img',
      'aria-label': `${state.metric} by ${columns
        .map(({ title }) => title)
        .slice(0, -1)
        .join(', ')}`,
    },
  });
  const kind = (run) => `${inside.has(run) ? '' : ' out'}${winners.has(run) ? ' best' : ''}`;
  root.append(
    svg(
      'g',
      {},
      ordered.map((run) => trace(run, columns, kind(run), good)),
    ),
    ...columns.map((column) => parallelAxis(column, box, root)),
  );
  return root;
}

/** Runs on one level are spread a little, by their index, so that lines do not hide each other. */
function spreadPlace(column, run) {
  const value = brushValue(column.name, run);
  if (value === null || !column.axis) return value;
  return value + (((run.index * GOLDEN) % 1) - 0.5) * 0.3;
}

function trace(run, columns, kind, good) {
  const value = final(state.metric, run);
  const points = columns.map((column) => {
    const place = spreadPlace(column, run);
    return [column.x, place === null ? null : column.y(place)];
  });
  const text = `${state.metric} ${metricValue(state.metric, value)}`;
  return svg('path', {
    class: `trace${kind}`,
    d: linePath(points),
    style: { '--t': good(value) ?? 0 },
    onpointermove: (event) => showTip(event, h('b', {}, runName(run)), h('div', {}, text)),
    onpointerleave: hideTip,
    onclick: () => set({ run: run.id }),
  });
}

function parallelAxis(column, box, root) {
  const ticks = column.axis
    ? labelledLevels(column.axis)
    : column.y.ticks(6).map((tick) => [tick, tickText(tick)]);
  const brush = brushes().get(column.name);
  const area = svg('rect', {
    ...{ class: 'grab', x: column.x - 16, width: 32, 'data-axis': column.name },
    ...{ y: box.top - 8, height: box.bottom - box.top + 16 },
  });
  const bar = svg('rect', { class: 'brush', x: column.x - 7, width: 14, y: 0, height: 0, rx: 4 });
  const place = (from, to) => {
    bar.setAttribute('y', Math.min(from, to));
    bar.setAttribute('height', Math.abs(to - from));
  };
  if (brush) place(column.y(brush[0]), column.y(brush[1]));
  const at = (event) => {
    const bounds = root.getBoundingClientRect();
    const y = ((event.clientY - bounds.top) * HEIGHT) / bounds.height;
    return Math.max(box.top - 8, Math.min(box.bottom + 8, y));
  };
  area.addEventListener('pointerdown', (event) => {
    const start = at(event);
    area.setPointerCapture(event.pointerId);
    area.onpointermove = (moved) => place(start, at(moved));
    area.onpointerup = (moved) => {
      area.onpointermove = null;
      const end = at(moved);
      const range = [column.y.invert(Math.max(start, end)), column.y.invert(Math.min(start, end))];
      setBrush(column.name, Math.abs(end - start) < 4 ? null : range);
    };
  });
  return svg(
    'g',
    { class: 'axis' },
    svg('line', { x1: column.x, x2: column.x, y1: box.top - 8, y2: box.bottom + 8 }),
    svg('text', { class: 'title', x: column.x, y: 22, 'text-anchor': 'middle' }, column.title),
    ticks.map(([value, text]) => tickLabel(text, column.x + 10, column.y(value))),
    bar,
    area,
  );
}

/** A label on a plate of its own, so that no line crosses the text. */
function tickLabel(text, x, y) {
  const plate = { x: x - 4, y: y - 9, width: text.length * LETTER + 8, height: 18, rx: 4 };
  return [
    svg('rect', { class: 'plate', ...plate }),
    svg('text', { class: 'tick', x, y, dy: '0.34em' }, text),
  ];
}

function labelledLevels(axis) {
  const every = Math.ceil(axis.levels.length / MOST_LABELS);
  return toldApart(axis.levels, LONGEST)
    .map((text, index) => [index, text])
    .filter(([index]) => index % every === 0);
}

/** How much of a metric's variance each axis explains; nothing where that cannot be estimated. */
export function importanceCard() {
  const importance = Object.entries(data.analysis.importance[state.metric] ?? {});
  const shares = importance.sort((a, b) => b[1] - a[1]);
  if (!shares.length) return null;
  const rest = Math.max(0, 1 - shares.reduce((sum, [, share]) => sum + share, 0));
  const bar = (name, share, title, kind = '') =>
    h(
      'li',
      { class: kind, title },
      h('span', { class: 'name' }, name),
      h('span', { class: 'meter' }, h('i', { style: { width: `${100 * share}%` } })),
      h('b', {}, `${Math.round(100 * share)} %`),
    );
  return h(
    'div',
    { class: 'card importance' },
    h('h3', {}, 'What matters'),
    h(
      'p',
      { class: 'note' },
      `Share of the variance of ${state.metric} between runs that each axis explains by itself (ω²).`,
    ),
    h(
      'ul',
      {},
      shares.map(([name, share]) => bar(axisByName.get(name)?.short ?? name, share, name)),
      bar(
        'together, or chance',
        rest,
        'Interactions of the axes and what no axis explains',
        'rest',
      ),
    ),
  );
}

/** Mean of the metric at each level of each axis, over the runs that are kept. */
function levelsCard() {
  const list = visibleRuns().filter((run) => final(state.metric, run) !== null);
  const meansOf = (axis) => {
    const labels = toldApart(axis.levels, LONGEST);
    return axis.levels
      .map((name, place) => {
        const members = list.filter((run) => level(axis, run) === name);
        const values = members.map((run) => final(state.metric, run));
        return { name, label: labels[place], ...moments(values) };
      })
      .filter(({ mean }) => mean !== null)
      .sort((a, b) => a.mean - b.mean);
  };
  const lines = inner.map((axis) => ({
    axis,
    means: meansOf(axis),
    box: h('div', { class: 'dots' }),
  }));
  const range = extent(lines.flatMap(({ means }) => means.map(({ mean }) => mean)));
  if (!range) return null;
  const x = makeScale(range, [0.03, 0.97]);
  requestAnimationFrame(() => lines.forEach((line) => drawMeans(line, x)));
  return h(
    'div',
    { class: 'card levels' },
    h('h3', {}, 'Mean at each level'),
    h(
      'p',
      { class: 'note' },
      `${metricTitle(state.metric)} averaged over ${plural(list.length, 'run')} that are kept and have it.`,
    ),
    lines.map(({ axis, box }) =>
      h('div', { class: 'level' }, h('span', { class: 'name', title: axis.name }, axis.short), box),
    ),
  );
}

/** A dot for each level, its name below it, on the first line where there is room. */
function drawMeans({ axis, means, box }, x) {
  const width = box.clientWidth;
  const few = axis.levels.length <= MOST_VALUES;
  const ends = [];
  for (const { name, label, mean, n } of means) {
    const value = few ? num(mean) : '';
    const named = h('span', {}, `${label} `, h('b', {}, value));
    box.append(named);
    const wide = named.offsetWidth + 1;
    const left = Math.max(0, Math.min(width - wide, x(mean) * width - wide / 2));
    const free = ends.findIndex((end) => end <= left);
    const line = free < 0 ? ends.length : free;
    ends[line] = left + wide + LETTER;
    named.style.left = `${left}px`;
    named.style.top = `${FIRST_LINE + line * LINE}px`;
    const dot = h('i', { style: { left: `${x(mean) * width}px` } });
    box.append(dot);
    const text = `${metricWithUnit(state.metric, mean)}, ${plural(n, 'run')}`;
    for (const node of [dot, named]) {
      node.addEventListener('pointermove', (event) =>
        showTip(event, h('b', {}, `${axis.short} = ${name}`), h('div', {}, text)),
      );
      node.addEventListener('pointerleave', hideTip);
    }
  }
  box.style.height = `${FIRST_LINE + ends.length * LINE + 4}px`;
}
