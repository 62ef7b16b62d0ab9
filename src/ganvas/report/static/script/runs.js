/** The view of runs: filter, sort, group, hide, colour, and what differs. */

import { allColumns, shownColumns, sortKey, tableRows, toggleColumn } from './columns.js';
import {
  axes,
  axisByName,
  configValue,
  data,
  final,
  goodness,
  higher,
  level,
  metricValue,
  metrics,
  runName,
} from './data.js';
import { h, select, toggle } from './dom.js';
import { MISSING, num, plural } from './format.js';
import { hasPictures, livePicture } from './pictures.js';
import { moments } from './smooth.js';
import { listOf, selectedRuns, set, state, toggled, visibleRuns } from './state.js';
import { virtualRows } from './table.js';
import { openViewer } from './viewer.js';

const MOST_COMPARED = 8;
const PICK = 30; // px, as THUMB and MARGINS
const THUMB = 46;
const MARGINS = 74;

let cursor = 0;
let shown = null;

export function runsView() {
  const list = visibleRuns();
  const rows = tableRows(list);
  const fixed = hasPictures ? [PICK, THUMB] : [PICK];
  const taken = fixed.reduce((sum, width) => sum + width, MARGINS);
  const columns = shownColumns(document.documentElement.clientWidth - taken);
  const good = Object.fromEntries(metrics.map((metric) => [metric, goodness(metric, list)]));
  const chosen = new Set(listOf(state.sel));
  const draw = (index) => rowNode(rows[index], index, columns, good, chosen);
  const table = virtualRows(rows.length, draw, 'Runs');
  const widths = [...fixed, ...columns.map(({ width }) => width)];
  table.box.style.setProperty('--template', widths.map((width) => `${width}px`).join(' '));
  table.box.prepend(headNode(columns));
  cursor = Math.min(cursor, Math.max(0, rows.length - 1));
  shown = { table, rows };
  const compared = state.differs && chosen.size > 1 && differences(selectedRuns());
  return h('section', { class: 'view runs filling' }, runsBar(columns), compared, table.box);
}

function runsBar(columns) {
  const chosen = listOf(state.sel);
  const groups = [['', 'nothing'], ...axes.map((axis) => [axis.name, axis.short])];
  const keys = new Set(columns.map(({ key }) => key));
  return h(
    'div',
    { class: 'bar' },
    select('group by', groups, state.group, (group) => set({ group, closed: '' })),
    h(
      'details',
      { class: 'menu' },
      h('summary', { 'data-key': 'columns' }, 'columns'),
      h(
        'div',
        { class: 'sheet' },
        allColumns.map((column) =>
          toggle(column.title, keys.has(column.key), () => toggleColumn(column), column.full),
        ),
      ),
    ),
    toggle('colour by metric', state.heat === '1', (on) => set({ heat: on ? '1' : '0' })),
    toggle(
      'only what differs',
      Boolean(state.differs),
      (on) => set({ differs: on ? '1' : '' }),
      'Show every configuration key that differs; with runs selected, side by side',
    ),
    chosen.length > 0 &&
      h(
        'span',
        { class: 'chosen' },
        `${chosen.length} selected`,
        chosen.length > 1 &&
          h('button', { type: 'button', onclick: compareSelected }, 'compare pictures'),
        h('button', { type: 'button', onclick: () => set({ sel: '' }) }, 'clear'),
      ),
  );
}

function compareSelected() {
  const [first, second] = selectedRuns();
  openViewer(first, 0, second);
}

function headNode(columns) {
  const cells = columns.map((column) => {
    const up = sortKey() === column.key;
    const down = sortKey() === `-${column.key}`;
    const first = column.kind === 'metric' && higher(column.key) ? `-${column.key}` : column.key;
    const next = up ? `-${column.key}` : down ? column.key : first;
    return h(
      'button',
      {
        type: 'button',
        role: 'columnheader',
        title: column.full,
        class: column.numeric ? 'numeric' : '',
        'data-key': `sort:${column.key}`,
        'data-column': column.key,
        'aria-sort': up ? 'ascending' : down ? 'descending' : 'none',
        onclick: () => set({ sort: next }),
      },
      column.title,
      h('i', {}, up ? '▲' : down ? '▼' : ''),
    );
  });
  const blank = () => h('span', { role: 'columnheader' });
  return h('div', { class: 'head', role: 'row' }, blank(), hasPictures && blank(), cells);
}

function rowNode(row, index, columns, good, chosen) {
  const mark = index === cursor ? ' cursor' : '';
  if (row.group !== undefined) return groupNode(row, columns, mark);
  const { run } = row;
  const on = chosen.has(run.id);
  const stay = (event) => event.stopPropagation();
  const box = h('input', {
    type: 'checkbox',
    checked: on,
    'aria-label': `select ${runName(run)}`,
    onclick: stay,
    onchange: () => set({ sel: toggled(state.sel, run.id) }),
  });
  const cell = (column) => {
    const coloured = column.kind === 'metric' && state.heat === '1' && run.state === 'finished';
    const share = coloured ? good[column.key](final(column.key, run)) : null;
    const content = column.cell(run);
    return h(
      'span',
      {
        class: `cell ${column.kind}${column.numeric ? ' numeric' : ''}`,
        role: 'gridcell',
        'data-column': column.key,
        title: typeof content === 'string' ? content : null,
        style: share === null ? {} : { '--t': share.toFixed(3) },
        'data-heat': share !== null,
      },
      content,
    );
  };
  return h(
    'div',
    {
      class: `row${on ? ' on' : ''}${mark}`,
      role: 'row',
      'data-run': run.id,
      onclick: () => set({ run: run.id }),
    },
    h('span', { class: 'pick', role: 'gridcell', onclick: stay }, box),
    hasPictures &&
      h('span', { class: 'thumb', role: 'gridcell' }, run.albums.length ? livePicture(run, 0) : ''),
    columns.map(cell),
  );
}

function groupNode(row, columns, mark) {
  const cell = ({ key, kind }) => {
    if (kind === 'metric') {
      const { mean, sd } = moments(row.members.map((run) => final(key, run)));
      const title = sd === null ? '' : `± ${num(sd, 3)} (standard deviation over runs)`;
      return h('span', { class: 'cell numeric', role: 'gridcell', title }, metricValue(key, mean));
    }
    const texts = { [row.axis.name]: row.group, state: plural(row.members.length, 'run') };
    return h('span', { class: 'cell', role: 'gridcell' }, texts[key] ?? '');
  };
  return h(
    'div',
    {
      class: `row group${mark}`,
      role: 'row',
      'aria-expanded': String(!row.closed),
      onclick: () => set({ closed: toggled(state.closed, row.group) }),
    },
    h('span', { class: 'pick', role: 'gridcell' }, row.closed ? '▸' : '▾'),
    hasPictures && h('span', { role: 'gridcell' }),
    columns.map(cell),
  );
}

const MOVES = {
  ...{ ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 },
  ...{ PageDown: 12, PageUp: -12, Home: -1e9, End: 1e9 },
};

/** Move in the table, open or select; returns whether `key` does any of it. */
export function runsKey(key) {
  const { table, rows } = shown;
  const row = rows[cursor];
  if (!row) return false;
  if (MOVES[key]) {
    const inside = table.box.contains(document.activeElement);
    moveCursor(inside ? cursor + MOVES[key] : cursor); // the first press shows where it is
  } else if (key === 'Enter') {
    set(row.run ? { run: row.run.id } : { closed: toggled(state.closed, row.group) });
  } else if (key === 'x' && row.run) set({ sel: toggled(state.sel, row.run.id) });
  else return false;
  return true;
}

function moveCursor(place) {
  const { table, rows } = shown;
  table.row(cursor)?.classList.remove('cursor');
  cursor = Math.max(0, Math.min(rows.length - 1, place));
  table.reveal(cursor);
  table.row(cursor)?.classList.add('cursor');
  table.box.focus({ preventScroll: true });
}

/** Some runs side by side: the configuration keys in which they differ, and their metrics. */
function differences(list) {
  const compared = list.slice(0, MOST_COMPARED);
  const value = (key, run) =>
    axisByName.has(key) ? level(axisByName.get(key), run) : configValue(key, run);
  const differs = (key) => new Set(compared.map((run) => value(key, run))).size > 1;
  const names = [...axes.map((axis) => axis.name), ...Object.keys(data.config.differs)];
  const keys = [...new Set(names)].filter(differs);
  const line = (key, cells) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, key),
      cells.map((cell) => h('td', {}, cell)),
    );
  const head = (run) => [
    run.albums.length ? livePicture(run, 0, { class: 'live small' }) : '',
    run.id,
  ];
  return h(
    'div',
    { class: 'card differences' },
    h('h3', {}, 'What differs'),
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        {},
        h('thead', {}, line('', compared.map(head))),
        h(
          'tbody',
          {},
          keys.map((key) =>
            line(
              key,
              compared.map((run) => value(key, run) ?? MISSING),
            ),
          ),
          metrics.map((metric) =>
            line(
              metric,
              compared.map((run) => metricValue(metric, final(metric, run))),
            ),
          ),
        ),
      ),
    ),
    list.length > compared.length &&
      h('p', { class: 'note' }, `The first ${compared.length} of ${list.length} selected runs.`),
  );
}
