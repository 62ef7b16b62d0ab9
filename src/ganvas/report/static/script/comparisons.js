/** The view of comparisons: matrices of row minus column, with significance. */

import { axisByName, data, higher, judged, metricTitle, settingName, withUnit } from './data.js';
import { h, select } from './dom.js';
import { MISSING, plural, pValue, signed, stars, toldApart } from './format.js';
import { set, state } from './state.js';

const SETTINGS = 'settings';
const AXES = 'axes';
const LEVEL = 0.05;
const MOST_ACROSS = 10;
const NARROW = 720; // px
const ROW_LETTERS = 34; // of a row's name, of a column's, and of both where the page is narrow
const COLUMN_LETTERS = 24;
const NARROW_LETTERS = 16;

export function comparisonsView() {
  const matrices = data.analysis.matrices[state.metric];
  if (!matrices) {
    const text = 'There are no values per image to compare for this metric.';
    return h('section', { class: 'view' }, h('p', { class: 'empty' }, text));
  }
  const names = Object.keys(matrices).filter((name) => name);
  const all = matrices[''];
  const known = names.includes(state.by) || (state.by === AXES && names.length);
  const by = known ? state.by : SETTINGS;
  const options = [
    [AXES, 'every axis'],
    ...names.map((name) => [name, axisByName.get(name).short]),
    [SETTINGS, all.left ? `settings, best ${all.of.length}` : 'settings'],
  ];
  const shown = by === AXES ? names : by === SETTINGS ? [''] : [by];
  const averaged = by === SETTINGS ? 'seeds are' : 'seeds and the other axes are';
  return h(
    'section',
    { class: 'view' },
    h(
      'div',
      { class: 'bar' },
      select('compare', options, by, (value) => set({ by: value, cell: '' })),
    ),
    h(
      'p',
      { class: 'note' },
      `${metricTitle(state.metric)}: row minus column; ${judged(state.metric) ? 'blue where the row is better, ' : ''}bold where it is ` +
        `significant. The unit is the image: ${averaged} averaged within it. Wilcoxon ` +
        'signed-rank test (two-sided, exact), Holm-corrected within each matrix: * p < 0.05, ' +
        '** p < 0.01, *** p < 0.001.',
    ),
    h(
      'div',
      { class: shown.length > 1 ? 'columns' : '' },
      shown.map((name) => matrixCard(name, matrices[name])),
    ),
  );
}

function matrixCard(by, { of, left, cells, missing }) {
  const label = by ? (index) => axisByName.get(by).levels[index] : settingName;
  const biggest = Math.max(1e-12, ...cells.map((cell) => Math.abs(cell[3] ?? 0)));
  const grid = new Map();
  for (const cell of cells) {
    grid.set(`${cell[0]},${cell[1]}`, cell);
    grid.set(`${cell[1]},${cell[0]}`, mirrored(cell));
  }
  const pairs = Math.max(0, ...cells.map((cell) => cell[2]));
  const few = `Not decided: ${plural(pairs, 'image')}; ${missing} more would do, were they all to agree.`;
  if (of.length < 2) {
    const text = 'Only one level has results that can be compared yet.';
    return h(
      'div',
      { class: 'card' },
      h('h3', {}, by ? axisByName.get(by).short : 'Settings'),
      h('p', { class: 'note' }, text),
    );
  }
  return h(
    'div',
    { class: 'card' },
    h('h3', {}, by ? axisByName.get(by).short : 'Settings'),
    missing > 0 && h('p', { class: 'hint' }, few),
    h('div', { class: 'scroll' }, matrixTable(by, of, label, grid, biggest)),
    matrixDetail(by, grid, of, label),
    left > 0 &&
      h('p', { class: 'note' }, `${plural(left, 'setting')} that did worse are left out.`),
  );
}

function mirrored([i, j, n, difference, low, high, p, holm]) {
  const minus = (value) => (value === null ? null : -value);
  return [j, i, n, minus(difference), minus(high), minus(low), p, holm];
}

function matrixTable(by, of, label, grid, biggest) {
  const narrow = innerWidth <= NARROW;
  const names = of.map(label);
  const down = toldApart(names, narrow ? NARROW_LETTERS : ROW_LETTERS);
  const across = toldApart(names, narrow ? NARROW_LETTERS : COLUMN_LETTERS);
  const heads = across.map((text, place) =>
    h('th', { scope: 'col', title: names[place] }, h('span', {}, text)),
  );
  const cell = (row, column) =>
    matrixCell(grid.get(`${row},${column}`), biggest, `${by}|${row},${column}`, row === column);
  const line = (name, row) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row', title: name }, down[row]),
      of.map((_, column) => cell(row, column)),
    );
  return h(
    'table',
    { class: `matrix${of.length > MOST_ACROSS ? ' dense' : ''}` },
    h('thead', {}, h('tr', {}, h('th'), heads)),
    h('tbody', {}, names.map(line)),
  );
}

function matrixCell(cell, biggest, key, same) {
  if (!cell || !cell[2]) return h('td', { class: 'void' }, same ? '' : MISSING);
  const difference = cell[3];
  const holm = cell[7];
  const better = (higher(state.metric) ? 1 : -1) * difference > 0;
  const side = judged(state.metric) ? (better ? 'better' : 'worse') : '';
  const share = Math.sqrt(Math.abs(difference) / biggest);
  return h(
    'td',
    {
      class: `${side}${holm < LEVEL ? ' real' : ''}`,
      style: { '--t': share.toFixed(3) },
    },
    h(
      'button',
      {
        type: 'button',
        'data-key': `cell:${key}`,
        'aria-pressed': String(state.cell === key),
        onclick: () => set({ cell: key }),
      },
      signed(difference),
      h('sup', {}, stars(holm)),
    ),
  );
}

function matrixDetail(by, grid, of, label) {
  const [name, place] = state.cell.split('|');
  const cell = name === by && grid.get(place);
  if (!cell) {
    return state.cell ? null : h('p', { class: 'note' }, 'Choose a cell to read it in full.');
  }
  const [i, j, n, difference, low, high, p, holm] = cell;
  return h(
    'p',
    { class: 'reading' },
    h('b', {}, label(of[i])),
    ' minus ',
    h('b', {}, label(of[j])),
    `: ${withUnit(state.metric, signed(difference))} on average over ${plural(n, 'image')}` +
      (low === null ? '' : `, 95 % bootstrap interval ${signed(low)} to ${signed(high)}`) +
      `; ${pValue(p)}, ${pValue(holm)} after Holm’s correction.`,
  );
}
