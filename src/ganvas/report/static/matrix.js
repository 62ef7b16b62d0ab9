/** The matrix of paired comparisons: row minus column, with significance. */

const SETTINGS = 'settings';
const AXES = 'axes';

function matrixView() {
  const matrices = data.analysis.matrices[state.metric];
  if (!matrices) return h('section', { class: 'view' }, h('p', { class: 'empty' }, 'There are no values per image to compare for this metric.'));
  const names = Object.keys(matrices).filter((name) => name);
  const all = matrices[''];
  const by = names.includes(state.by) || (state.by === AXES && names.length) ? state.by : SETTINGS;
  const options = [[AXES, 'every axis'], ...names.map((name) => [name, axisByName.get(name).short]),
    [SETTINGS, all.left ? `settings, best ${all.of.length}` : 'settings']];
  const shown = by === AXES ? names : by === SETTINGS ? [''] : [by];
  return h('section', { class: 'view' }, h('div', { class: 'bar' }, select('compare', options, by, (value) => set({ by: value, cell: '' }))),
    h('p', { class: 'note' }, `${state.metric}: row minus column; ${judged(state.metric) ? 'blue where the row is better, ' : ''}bold where it is significant. The unit is the image: seeds${by === SETTINGS ? '' : ' and the other axes'} are averaged within it. `
      + 'Wilcoxon signed-rank test (two-sided, exact), Holm-corrected within each matrix: * p < 0.05, ** p < 0.01, *** p < 0.001.'),
    h('div', { class: shown.length > 1 ? 'columns' : '' }, shown.map((name) => matrixCard(name, matrices[name]))));
}

function matrixCard(by, { of, left, cells }) {
  const label = by ? (index) => axisByName.get(by).levels[index] : settingName;
  const biggest = Math.max(1e-12, ...cells.map((cell) => Math.abs(cell[3] ?? 0)));
  const grid = new Map(cells.flatMap((cell) => [[`${cell[0]},${cell[1]}`, cell], [`${cell[1]},${cell[0]}`, mirrored(cell)]]));
  const pairs = Math.max(0, ...cells.map((cell) => cell[2]));
  return h('div', { class: 'card' }, h('h3', {}, by ? axisByName.get(by).short : 'Settings'), hintFew(pairs, cells.length),
    h('div', { class: 'scroll' }, matrixTable(by, of, label, grid, biggest)), matrixDetail(by, grid, of, label),
    left > 0 && h('p', { class: 'note' }, `${plural(left, 'setting')} that did worse are left out.`));
}

const mirrored = ([i, j, n, difference, low, high, p, holm]) =>
  [j, i, n, ...[difference, high, low].map((value) => (value === null ? null : -value)), p, holm];

function matrixTable(by, of, label, grid, biggest) {
  return h('table', { class: `matrix${of.length > 10 ? ' dense' : ''}` }, h('thead', {}, h('tr', {}, h('th'), of.map((key) => h('th', { scope: 'col' }, h('span', {}, label(key)))))),
    h('tbody', {}, of.map((key, row) => h('tr', {}, h('th', { scope: 'row', title: label(key) }, label(key)), of.map((_, column) => matrixCell(grid.get(`${row},${column}`), biggest, `${by}|${row},${column}`, row === column))))));
}

function matrixCell(cell, biggest, key, same) {
  if (!cell || !cell[2]) return h('td', { class: 'void' }, same ? '' : MISSING);
  const better = (higher(state.metric) ? 1 : -1) * cell[3];
  const side = !judged(state.metric) ? '' : better > 0 ? 'better' : 'worse';
  return h('td', { class: `${side}${cell[7] < 0.05 ? ' real' : ''}`, style: { '--t': Math.sqrt(Math.abs(cell[3]) / biggest).toFixed(3) } },
    h('button', { type: 'button', 'data-key': `cell:${key}`, 'aria-pressed': String(state.cell === key), onclick: () => set({ cell: key }) }, signed(cell[3]), h('sup', {}, stars(cell[7]))));
}

function matrixDetail(by, grid, of, label) {
  const [name, place] = state.cell.split('|');
  const cell = name === by && grid.get(place);
  if (!cell) return state.cell ? null : h('p', { class: 'note' }, 'Choose a cell to read it in full.');
  const [i, j, n, difference, low, high, p, holm] = cell;
  return h('p', { class: 'reading' }, h('b', {}, label(of[i])), ' minus ', h('b', {}, label(of[j])), `: ${signed(difference)} ${state.metric} on average over ${plural(n, 'image')}, `,
    `95 % bootstrap interval ${signed(low)} to ${signed(high)}; ${pValue(p)}, ${pValue(holm)} after Holm’s correction.`);
}
