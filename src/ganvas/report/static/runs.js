/** The view of runs: filter, sort, group, hide, colour, and what differs. */

let cursor = 0;

function runsView() {
  const list = visibleRuns();
  const rows = tableRows(list);
  const columns = shownColumns();
  const good = Object.fromEntries(metrics.map((metric) => [metric, goodness(metric, list)]));
  const chosen = new Set(listOf(state.sel));
  const template = ['30px', hasPictures ? '46px' : '', ...columns.map((c) => `${c.width}px`)].filter(Boolean).join(' ');
  const table = virtualRows(rows.length, (index) => rowNode(rows[index], index, columns, good, chosen), 'Runs');
  table.box.style.setProperty('--template', template);
  table.box.prepend(headNode(columns));
  table.box.addEventListener('keydown', (event) => tableKey(event, table, rows));
  cursor = Math.min(cursor, Math.max(0, rows.length - 1));
  return h('section', { class: 'view runs' }, runsBar(list), state.differs && chosen.size > 1 && differences(selectedRuns()),
    table.box, !rows.length && h('p', { class: 'empty' }, 'No run passes the filter.'));
}

function runsBar(list) {
  const count = list.length === runs.length ? plural(runs.length, 'run') : `${list.length} of ${plural(runs.length, 'run')}`;
  const chosen = listOf(state.sel);
  return h('div', { class: 'bar' },
    h('span', { class: 'count' }, count),
    select('group by', [['', 'nothing'], ...axes.map((axis) => [axis.name, axis.short])], state.group, (group) => set({ group, closed: '' })),
    h('details', { class: 'menu' }, h('summary', { 'data-key': 'columns' }, 'columns'), h('div', { class: 'sheet' },
      allColumns.map((column) => toggle(column.title, shownColumns().includes(column), () => toggleColumn(column), column.full)))),
    toggle('colour by metric', state.heat === '1', (on) => set({ heat: on ? '1' : '0' })),
    toggle('only what differs', Boolean(state.differs), (on) => set({ differs: on ? '1' : '' }),
      'Show every configuration key that differs; with runs selected, side by side'),
    chosen.length > 0 && h('span', { class: 'chosen' }, `${chosen.length} selected`,
      chosen.length > 1 && h('button', { type: 'button', onclick: compareSelected }, 'compare pictures'),
      h('button', { type: 'button', onclick: () => set({ sel: '' }) }, 'clear')));
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
    return h('button', { type: 'button', role: 'columnheader', title: column.full, class: column.numeric ? 'numeric' : '',
      'data-key': `sort:${column.key}`, 'data-column': column.key,
      'aria-sort': up ? 'ascending' : down ? 'descending' : 'none',
      onclick: () => set({ sort: next }) }, column.title, h('i', {}, up ? '▲' : down ? '▼' : ''));
  });
  return h('div', { class: 'head', role: 'row' }, h('span'), hasPictures && h('span'), cells);
}

function rowNode(row, index, columns, good, chosen) {
  if (row.group !== undefined) return groupNode(row, columns);
  const { run } = row;
  const on = chosen.has(run.id);
  const box = h('input', { type: 'checkbox', checked: on, 'aria-label': `select ${runName(run)}`,
    onclick: (event) => event.stopPropagation(), onchange: () => set({ sel: toggled(state.sel, run.id) }) });
  return h('div', { class: `row${on ? ' on' : ''}${index === cursor ? ' cursor' : ''}`, role: 'row', 'data-run': run.id,
    onclick: () => set({ run: run.id }) },
  h('span', { class: 'pick', onclick: (event) => event.stopPropagation() }, box),
  hasPictures && h('span', { class: 'thumb' }, run.albums.length ? livePicture(run, 0) : ''),
  columns.map((column) => {
    const share = column.kind === 'metric' && state.heat === '1' && run.state === 'finished' ? good[column.key](final(column.key, run)) : null;
    return h('span', { class: `cell ${column.kind}${column.numeric ? ' numeric' : ''}`, role: 'gridcell', 'data-column': column.key,
      style: share === null ? {} : { '--t': share.toFixed(3) }, ...(share === null ? {} : { 'data-heat': '' }) }, column.cell(run));
  }));
}

function groupNode(row, columns) {
  return h('div', { class: 'row group', role: 'row', onclick: () => set({ closed: toggled(state.closed, row.group) }) },
    h('span', { class: 'pick' }, row.closed ? '▸' : '▾'), hasPictures && h('span'),
    columns.map((column) => {
      if (column.kind === 'metric') {
        const { mean, sd } = moments(row.members.map((run) => final(column.key, run)));
        return h('span', { class: 'cell numeric', title: sd === null ? '' : `± ${num(sd, 3)} (standard deviation over runs)` },
          metricValue(column.key, mean));
      }
      const text = column.key === row.axis.name ? row.group : column.key === 'state' ? plural(row.members.length, 'run') : '';
      return h('span', { class: 'cell' }, text);
    }));
}

function tableKey(event, table, rows) {
  const moves = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: 12, PageUp: -12, Home: -1e9, End: 1e9 };
  const row = rows[cursor];
  if (moves[event.key]) {
    table.row(cursor)?.classList.remove('cursor');
    cursor = Math.max(0, Math.min(rows.length - 1, cursor + moves[event.key]));
    table.reveal(cursor);
    table.row(cursor)?.classList.add('cursor');
  } else if (event.key === 'Enter' && row) {
    if (row.run) set({ run: row.run.id });
    else set({ closed: toggled(state.closed, row.group) });
  } else if (event.key === 'x' && row?.run) set({ sel: toggled(state.sel, row.run.id) });
  else return;
  event.preventDefault();
}
