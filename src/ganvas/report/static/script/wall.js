/**
 * The picture wall: rows and columns are settings, axes, images or runs.
 *
 * What shares a cell has its name below it and, but for sparse studies, the same place in every
 * cell, so that a column read downwards compares like with like. No order depends on how good a
 * picture is.
 */

import {
  axes,
  data,
  direction,
  finalOf,
  goodness,
  imageNames,
  inner,
  judged,
  latentOf,
  level,
  levelName,
  metricOf,
  metricWithUnit,
  runName,
  settingName,
  settingOf,
} from './data.js';
import { append, choice, clear, h, select, toggle } from './dom.js';
import { plural } from './format.js';
import {
  hasPictures,
  hasStill,
  LATENT,
  livePicture,
  maskPicture,
  stillPath,
  stillPicture,
} from './pictures.js';
import { listOf, set, state, textOf, visibleRuns } from './state.js';
import { openPictures, openViewer } from './viewer.js';

const IN_CELL = 4;
const SMALLEST = 128; // px of a picture that fits
const LARGEST = 240;
const NARROW = 720; // px
const WIDE_ROW = { margins: 230, gap: 14 }; // px of the page and a row's name, and between columns
const NARROW_ROW = { margins: 126, gap: 6 };
const SPAN_GAP = 6;
const ALL = '*';
const FIT = '';
const SIZES = [
  [FIT, 'fit', 'As large as the columns leave room for'],
  ['88', 'S'],
  ['128', 'M'],
  ['200', 'L'],
  ['320', 'XL'],
];

/**
 * What rows and columns can be. `levels` are in the order of the study, `of` is an entry's level,
 * `covers` the axes that a level fixes.
 */
const axisDimension = (axis) => ({
  key: axis.name,
  title: axis.short,
  levels: axis.levels,
  of: ({ run }) => level(axis, run),
  name: (text) => levelName(axis, text),
  covers: [axis.name],
});
const SETTING = {
  key: 'setting ◧',
  title: 'setting',
  levels: data.analysis.settings.map((_, setting) => settingName(setting)),
  of: ({ run }) => settingName(settingOf(run)),
  name: (text) => text,
  covers: inner.map((axis) => axis.name),
};
const IMAGE = {
  key: 'image ▦',
  title: 'image',
  levels: imageNames,
  of: ({ run, image }) => run.images[image],
  name: (text) => text,
  covers: axes.filter((axis) => axis.image).map((axis) => axis.name),
};
const RUN = {
  key: 'run ▤',
  title: 'run',
  levels: data.runs.map((run) => run.id),
  of: ({ run }) => run.id,
  name: (text) => text,
  covers: axes.filter((axis) => !axis.image).map((axis) => axis.name),
};
const free = axes.filter((axis) => !axis.image).map(axisDimension);
const dimensions = [...(inner.length > 1 ? [SETTING] : []), ...free, IMAGE, RUN];
const dimension = (key) => dimensions.find((item) => item.key === key);

/** The side of a picture in pixels: what was chosen, or what fills the width with `columns`. */
function pictureSize(columns, span) {
  if (state.size !== FIT) return Number(state.size);
  const narrow = innerWidth <= NARROW;
  const { margins, gap } = narrow ? NARROW_ROW : WIDE_ROW;
  const room = (innerWidth - margins) / columns - gap;
  const smallest = narrow ? SMALLEST / 2 : SMALLEST;
  return Math.floor(Math.max(smallest, Math.min(LARGEST, room / span - SPAN_GAP)));
}

/** Rows, columns, and the rest that shares a cell where it takes more than one level. */
function wallPlan() {
  const settings = inner.length > 1 ? SETTING : (free[0] ?? RUN);
  const first = dimension(state.rows);
  const second = dimension(state.cols);
  const rows = first ?? (second === settings ? IMAGE : settings);
  const cols = second && second !== rows ? second : rows === IMAGE ? settings : IMAGE;
  const fixed = new Set([...rows.covers, ...cols.covers]);
  const others = [...free, IMAGE].filter((item) => item !== rows && item !== cols);
  const rest = others.filter((item) => item === IMAGE || !fixed.has(item.key));
  return { rows, cols, rest: rest.filter((item) => item.levels.length > 1) };
}

/**
 * Everything that the wall shows, by cell, and the order of the places that all cells share; no
 * order where most of these places would stay empty.
 */
function arrange({ rows, cols, rest }, entries) {
  const placeOf = (entry) => rest.map((item) => item.levels.indexOf(item.of(entry)));
  const places = new Map();
  const cells = Map.groupBy(entries, (entry) => `${rows.of(entry)}\n${cols.of(entry)}`);
  for (const members of cells.values()) {
    const repeated = new Map();
    for (const entry of members) {
      const key = placeOf(entry).join();
      const again = repeated.get(key) ?? 0; // the same setting, seed and image once more
      repeated.set(key, again + 1);
      entry.place = `${key}:${again}`;
      places.set(entry.place, [...placeOf(entry), again]);
    }
  }
  const compare = ([, a], [, b]) => a.map((value, i) => value - b[i]).find((value) => value) ?? 0;
  const order = [...places].sort(compare).map(([place]) => place);
  const dense = 2 * entries.length >= cells.size * order.length;
  const rank = new Map(order.map((place, index) => [place, index]));
  for (const members of cells.values()) {
    members.sort((a, b) => rank.get(a.place) - rank.get(b.place));
  }
  return { cells, order: dense ? order : null };
}

/** The wall of results, or with `pairs` what the latent alone draws beside each result. */
export function wallView(pairs = false) {
  const empty = (text) => h('p', { class: 'empty' }, text);
  if (!hasPictures) return h('section', { class: 'view' }, empty('This study has no pictures.'));
  if (pairs && !hasStill(LATENT)) {
    const text = 'No run has a stage “w”, which draws a picture from the latent alone.';
    return h('section', { class: 'view' }, empty(text));
  }
  const plan = wallPlan();
  const { rows, cols, rest } = plan;
  const chosen = new Map(listOf(state.fix).map((item) => item.split('|')));
  const passes = (entry) =>
    rest.every((item) => [undefined, ALL, item.of(entry)].includes(chosen.get(item.key)));
  const entries = visibleRuns()
    .flatMap((run) => run.albums.map((_, image) => ({ run, image })))
    .filter(passes)
    .filter(({ run, image }) => !pairs || stillPath(run, image, LATENT));
  const { cells, order } = arrange(plan, entries);
  const levelsOf = (item) => {
    const present = new Set(entries.map(item.of));
    return item.levels.filter((name) => present.has(name));
  };
  const columns = levelsOf(cols);
  const several = [...cells.values()].some((members) => members.length > 1);
  const span = several || pairs ? 2 : 1;
  const draw = drawer(rest, goodness(state.metric, visibleRuns()), pairs);
  const style = {
    '--columns': columns.length,
    '--picture': `${pictureSize(columns.length, span)}px`,
    '--span': span,
  };
  const head = (name) => h('b', { title: name }, cols.name(name));
  const line = (row) =>
    h(
      'div',
      { class: 'wall-row' },
      h('b', { class: 'side', title: row }, rows.name(row)),
      columns.map((column) => wallCell(cells.get(`${row}\n${column}`) ?? [], order, draw)),
    );
  const table = h(
    'div',
    { class: 'wall', style },
    h(
      'div',
      { class: 'wall-row wall-head' },
      h('span', { class: 'corner' }, `${rows.title} ↓  ${cols.title} →`),
      columns.map(head),
    ),
    cols === IMAGE && targetRow(columns, entries),
    levelsOf(rows).map(line),
  );
  return h(
    'section',
    { class: 'view filling' },
    wallBar(plan, chosen, entries.length, pairs),
    h('div', { class: 'scroll wall-box', 'data-key': 'wall', tabindex: 0 }, table),
    !entries.length && empty('No picture passes; choose “all” for an axis above.'),
  );
}

function wallBar({ rows, cols, rest }, chosen, count, pairs) {
  const options = dimensions.map((item) => [item.key, item.title]);
  const fix = (key, value) => {
    const others = listOf(state.fix).filter((item) => !item.startsWith(`${key}|`));
    set({ fix: textOf([...others, `${key}|${value}`]) });
  };
  const only = ({ key, title, levels }) => {
    const items = [[ALL, 'all'], ...levels.map((name) => [name, name])];
    return select(title, items, chosen.get(key) ?? ALL, (value) => fix(key, value));
  };
  const { name, unit } = metricOf(state.metric);
  const better = judged(name) ? `, ${direction(name)} is better` : '';
  const meaning = `${name}${unit && ` in ${unit}`}${better}`;
  const pictures = plural(count, pairs ? 'pair' : 'picture');
  return h(
    'div',
    { class: 'bar' },
    select('rows', options, rows.key, (key) =>
      set({ rows: key, cols: key === cols.key ? rows.key : cols.key }),
    ),
    select('columns', options, cols.key, (key) =>
      set({ cols: key, rows: key === rows.key ? cols.key : rows.key }),
    ),
    rest.map(only),
    choice('size', SIZES, state.size, (size) => set({ size })),
    hasStill('mask') &&
      toggle(
        'mask',
        Boolean(state.mask),
        (on) => set({ mask: on ? '1' : '' }),
        'Lay each run’s mask over its pictures',
      ),
    h('span', { class: 'note' }, `${pictures}; numbers are ${meaning}`),
  );
}

function targetRow(columns, entries) {
  const cells = columns.map((name) => {
    const entry = entries.find((item) => IMAGE.of(item) === name);
    const path = entry && stillPath(entry.run, entry.image, 'target');
    const picture = path && h('span', { class: 'picture' }, stillPicture(entry.run, path));
    return h('div', { class: 'wall-cell' }, picture && h('figure', {}, picture));
  });
  return (
    cells.some((cell) => cell.childElementCount) &&
    h('div', { class: 'wall-row target' }, h('b', { class: 'side' }, 'target'), cells)
  );
}

/** The entries of a cell, each at its place; a place that this cell lacks stays empty. */
function wallCell(entries, order, draw) {
  const byPlace = new Map(entries.map((entry) => [entry.place, entry]));
  const all = order ? order.map((place) => byPlace.get(place)) : entries;
  const cell = h('div', { class: 'wall-cell' });
  const fill = (count) => {
    const hidden = all.slice(count).filter(Boolean).length;
    const more = { type: 'button', class: 'more', onclick: () => fill(all.length) };
    append(clear(cell), [
      all.slice(0, count).map(draw),
      hidden > 0 && h('button', more, `+${hidden}`),
    ]);
  };
  fill(IN_CELL);
  return cell;
}

/** A function that draws an entry, named by what neither row nor column says of it. */
function drawer(rest, good, pairs) {
  return (entry) => {
    if (!entry) return h('figure', { class: 'void' });
    const { run, image } = entry;
    const name = rest.map((item) => item.name(item.of(entry))).join(' · ');
    const final = finalOf(state.metric, run, image);
    const title = `${runName(run)} · ${run.images[image]}`;
    const figure = (text, value, content, onclick) =>
      h(
        'figure',
        {},
        h(
          'button',
          { type: 'button', class: 'picture', title, 'data-run': run.id, onclick },
          content,
        ),
        h(
          'figcaption',
          { title: `${title} · ${metricWithUnit(state.metric, value)}` },
          text && h('span', {}, text),
          h(
            'b',
            { style: { '--t': good(value) ?? 0 }, 'data-final': value !== null && !pairs },
            value === null && run.state !== 'finished'
              ? run.state
              : metricWithUnit(state.metric, value),
          ),
        ),
      );
    if (pairs) {
      const still = (kind) => {
        const path = stillPath(run, image, kind); // a run at work has no result yet
        return path && stillPicture(run, path, { alt: title });
      };
      const open = () => openPictures(`${run.id}|${LATENT}`, `${run.id}|result`, run.images[image]);
      const latent = latentOf(state.metric, run, image);
      const named = (text) => [text, name].filter(Boolean).join(' · ');
      return [
        figure(named('latent alone'), latent, still(LATENT), open),
        figure(named('result'), final, still('result'), open),
      ];
    }
    const content = [livePicture(run, image), maskPicture(run, image, 'over')];
    return figure(name, final, content, () => openViewer(run, image));
  };
}
