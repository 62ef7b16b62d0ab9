/** The picture wall: rows and columns are axes, and the slider moves every picture together. */

const IN_CELL = 4;
const IMAGE = 'image ▦';
const RUN = 'run ▤';

/** What rows and columns can be: the axes, the image, or every run by itself. */
const dimensions = [...axes.filter((axis) => !axis.image).map((axis) => ({
  key: axis.name, title: axis.short, levels: axis.levels, of: ({ run }) => level(axis, run),
})), { key: IMAGE, title: 'image', levels: imageNames, of: ({ run, image }) => run.images[image] },
{ key: RUN, title: 'run', levels: null, of: ({ run }) => run.id }];
const dimension = (key) => dimensions.find((item) => item.key === key);

function wallPlan() {
  const important = Object.entries(data.analysis.importance[state.metric] ?? {}).sort((a, b) => b[1] - a[1])
    .map(([name]) => name).filter((name) => !axisByName.get(name).unit);
  for (const axis of inner) if (!important.includes(axis.name)) important.push(axis.name);
  const rows = dimension(state.rows) ?? dimension(important[0] ?? RUN);
  const second = important.find((name) => name !== rows.key);
  const preferred = imageNames.length > 1 || !second ? IMAGE : second;
  const cols = dimension(state.cols) ?? dimension(preferred === rows.key ? second ?? RUN : preferred);
  const rest = dimensions.filter((item) => item !== rows && item !== cols && item.key !== RUN);
  return { rows, cols, rest: rows.key === RUN || cols.key === RUN ? rest.filter((item) => item.key === IMAGE) : rest };
}

/** Levels of the axes that are neither row nor column: chosen, or those of the best setting. */
function fixedLevels(rows, rest, entries) {
  const chosen = new Map(listOf(state.fix).map((item) => item.split('|')));
  const best = data.analysis.ranking[state.metric]?.[0];
  const model = best && runs.find((run) => data.analysis.settingOfRun[run.index] === best.setting);
  const guess = new Map(rest.map((item) => [item.key, !model || item.key === IMAGE ? item.levels[0] : item.of({ run: model, image: 0 })]));
  const passes = (entry) => rest.every((item) => item.of(entry) === guess.get(item.key));
  const levelsOf = (list) => new Set(list.map(rows.of)).size;
  const enough = levelsOf(entries.filter(passes)) > levelsOf(entries) / 2; // a sparse study would leave empty rows
  return new Map(rest.map((item) => [item.key, chosen.get(item.key) ?? (enough ? guess.get(item.key) : '*')]));
}

function wallView() {
  if (!hasPictures) return h('section', { class: 'view' }, h('p', { class: 'empty' }, 'This study has no pictures.'));
  const { rows, cols, rest } = wallPlan();
  const all = visibleRuns().flatMap((run) => run.albums.map((_, image) => ({ run, image })));
  const fixed = fixedLevels(rows, rest, all);
  const entries = all.filter((entry) => rest.every((item) => fixed.get(item.key) === '*' || item.of(entry) === fixed.get(item.key)));
  const cells = new Map();
  for (const entry of entries) {
    const key = `${rows.of(entry)}\n${cols.of(entry)}`;
    cells.set(key, [...(cells.get(key) ?? []), entry]);
  }
  const sign = higher(state.metric) ? -1 : 1;
  const worth = ({ run, image }) => finalOf(state.metric, run, image);
  for (const list of cells.values()) list.sort((a, b) => (worth(a) === null) - (worth(b) === null) || sign * (worth(a) - worth(b)));
  const span = [...cells.values()].some((list) => list.length > 1) ? 2 : 1; // every row has the same columns
  const levels = (item) => (item.levels ?? visibleRuns().map((run) => run.id)).filter((name) => entries.some((entry) => item.of(entry) === name));
  const columns = levels(cols);
  const good = goodness(state.metric, visibleRuns());
  const table = h('div', { class: 'wall', style: { '--columns': columns.length, '--picture': `${state.size}px`, '--span': span } },
    h('div', { class: 'wall-row wall-head' }, h('span', { class: 'corner' }, `${rows.title} ↓  ${cols.title} →`), columns.map((name) => h('b', { title: name }, name))),
    cols.key === IMAGE && targetRow(columns, entries),
    levels(rows).map((name) => h('div', { class: 'wall-row' }, h('b', { class: 'side', title: name }, name),
      columns.map((column) => wallCell(cells.get(`${name}\n${column}`) ?? [], good)))));
  return h('section', { class: 'view' }, wallBar(rows, cols, rest, fixed, entries.length), h('div', { class: 'scroll wall-box', 'data-key': 'wall', tabindex: 0 }, table),
    !entries.length && h('p', { class: 'empty' }, 'No picture passes; choose “all” for an axis above.'));
}

function wallBar(rows, cols, rest, fixed, count) {
  const options = dimensions.map((item) => [item.key, item.title]);
  const fix = (key, value) => set({ fix: textOf([...listOf(state.fix).filter((item) => !item.startsWith(`${key}|`)), `${key}|${value}`]) });
  return h('div', { class: 'bar' }, select('rows', options, rows.key, (key) => set({ rows: key, ...(key === cols.key ? { cols: rows.key } : {}) })),
    select('columns', options, cols.key, (key) => set({ cols: key, ...(key === rows.key ? { rows: cols.key } : {}) })),
    rest.filter((item) => item.levels.length > 1).map((item) => select(item.title, [['*', 'all'], ...item.levels.map((name) => [name, name])], fixed.get(item.key), (value) => fix(item.key, value))),
    choice('size', [['88', 'S'], ['128', 'M'], ['200', 'L'], ['320', 'XL']], state.size, (size) => set({ size })),
    hasMasks && toggle('mask', Boolean(state.mask), (on) => set({ mask: on ? '1' : '' }), 'Lay each run’s mask over its pictures'),
    h('span', { class: 'count' }, plural(count, 'picture')));
}

function targetRow(columns, entries) {
  const cells = columns.map((name) => {
    const entry = entries.find(({ run, image }) => run.images[image] === name && stillPath(run, image, 'target'));
    return h('div', { class: 'wall-cell' }, entry && h('span', { class: 'picture' }, stillPicture(entry.run, stillPath(entry.run, entry.image, 'target'))));
  });
  return entries.some(({ run, image }) => stillPath(run, image, 'target')) && h('div', { class: 'wall-row target' }, h('b', { class: 'side' }, 'target'), cells);
}

function wallCell(entries, good) {
  const cell = h('div', { class: 'wall-cell' });
  const fill = (shown) => append(clear(cell), [shown.map((entry) => wallPicture(entry, good)),
    entries.length > shown.length && h('button', { type: 'button', class: 'more', onclick: () => fill(entries) }, `+${entries.length - shown.length}`)]);
  fill(entries.slice(0, IN_CELL));
  return cell;
}

function wallPicture({ run, image }, good) {
  const value = finalOf(state.metric, run, image);
  const share = good(value);
  return h('button', { type: 'button', class: 'picture', title: `${runName(run)} · ${run.images[image]}`, 'data-run': run.id,
    onclick: (event) => (event.shiftKey && state.a ? set({ b: `${run.id}|frame` }) : openViewer(run, image)) },
  livePicture(run, image), maskImage(run, image, 'over') ?? '', h('small', { style: { '--t': share ?? 0 }, 'data-final': value !== null }, value === null ? run.state === 'finished' ? '' : run.state : num(value)));
}
