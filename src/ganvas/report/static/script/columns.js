/** The columns of the run table, and the order and grouping of its rows. */

import {
  axes,
  axisByName,
  configValue,
  data,
  final,
  higher,
  level,
  metricOf,
  metricValue,
  metrics,
  runs,
} from './data.js';
import { h } from './dom.js';
import { MISSING, toldApart } from './format.js';
import { listOf, set, state, toggled } from './state.js';

const LETTER = 8; // px
const MONO = 7.4; // px, of the run's name
const ID_LEAST = 150;
const MOST_LETTERS = 30; // of a cell

function axisColumn(axis) {
  const short = toldApart(axis.levels, MOST_LETTERS);
  const cell = (place) => {
    const text = axis.levels[place];
    return text === short[place] ? text : h('span', { title: text }, short[place]);
  };
  return {
    ...{ key: axis.name, title: axis.short, full: axis.name, kind: 'axis' },
    width: columnWidth(axis.short, axis.levels),
    numeric: Boolean(axis.numbers),
    sort: (run) => axis.ofRun[run.index],
    cell: (run) => cell(axis.ofRun[run.index]),
  };
}

function metricColumn(metric) {
  return {
    ...{ key: metric, title: metric, full: metricOf(metric).about || metric, kind: 'metric' },
    width: Math.max(82, metric.length * 8 + 34),
    numeric: true,
    sort: (run) => final(metric, run),
    cell: (run) => metricValue(metric, final(metric, run)),
  };
}

function configColumn(key) {
  return {
    ...{ key, title: key, full: key, kind: 'config' },
    width: columnWidth(key, data.config.differs[key].values),
    sort: (run) => configValue(key, run),
    cell: (run) => configValue(key, run) ?? MISSING,
  };
}

function columnWidth(title, values) {
  const lengths = values.slice(0, 60).map((value) => String(value ?? '').length);
  const longest = Math.max(title.length + 2, ...lengths);
  return Math.min(260, Math.max(70, longest * LETTER + 22));
}

const stateColumn = {
  ...{ key: 'state', title: 'state', full: 'Where the run stands', kind: 'fixed', width: 96 },
  sort: (run) => run.state,
  cell: stateCell,
};
const idColumn = {
  ...{ key: 'id', title: 'run', full: 'The run’s folder', kind: 'fixed' },
  width: ID_LEAST,
  sort: (run) => run.id,
  cell: (run) => h('bdi', { title: run.id }, run.id), // cut at its start: the end tells it apart
};

export const allColumns = [
  ...axes.map(axisColumn),
  ...metrics.map(metricColumn),
  ...Object.keys(data.config.differs)
    .filter((key) => !axes.some((axis) => axis.name === key))
    .map(configColumn),
  stateColumn,
  idColumn,
];
const isExtra = ({ kind }) => kind === 'config'; // hidden unless asked for

/** The columns that are shown: the page's metric first, the run's name as wide as there is room. */
export function shownColumns(room) {
  const hide = new Set(listOf(state.hide));
  const show = new Set(listOf(state.show));
  const shown = allColumns.filter((column) => {
    if (hide.has(column.key)) return false;
    return !isExtra(column) || show.has(column.key) || state.differs;
  });
  shown.sort((a, b) => (b.key === state.metric) - (a.key === state.metric));
  const others = shown.reduce((sum, { key, width }) => sum + (key === 'id' ? 0 : width), 0);
  const longest = Math.max(...runs.map((run) => run.id.length)) * MONO + 22;
  const width = Math.max(ID_LEAST, Math.min(longest, room - others));
  return shown.map((column) => (column.key === 'id' ? { ...column, width } : column));
}

export function toggleColumn(column) {
  if (isExtra(column)) set({ show: toggled(state.show, column.key) });
  else set({ hide: toggled(state.hide, column.key) });
}

export function stateCell(run) {
  const share = run.total ? Math.round((100 * (run.step ?? 0)) / run.total) : 0;
  const text = run.state === 'running' ? `${share} %` : run.state;
  const title = run.error ?? `${run.step ?? 0} of ${run.total ?? '?'} steps`;
  return h('span', { class: `state ${run.state}`, title }, text);
}

/** Without a choice, the best run by the page's metric comes first. */
export const sortKey = () =>
  state.sort || (higher(state.metric) ? `-${state.metric}` : state.metric);

function sorted(list) {
  const sign = sortKey().startsWith('-') ? -1 : 1;
  const column = allColumns.find(({ key }) => key === sortKey().replace(/^-/, ''));
  if (!column) return list;
  const natural = (a, b) => String(a).localeCompare(String(b), 'en', { numeric: true });
  return [...list].sort((one, other) => {
    const a = column.sort(one);
    const b = column.sort(other);
    if (a === null || b === null) return (a === null) - (b === null); // missing values come last
    return sign * (typeof a === 'number' ? a - b : natural(a, b));
  });
}

/** Rows of the table: runs, and with grouping a heading before each group. */
export function tableRows(list) {
  const axis = axisByName.get(state.group);
  const ordered = sorted(list);
  if (!axis) return ordered.map((run) => ({ run }));
  const closed = new Set(listOf(state.closed));
  const groups = Map.groupBy(ordered, (run) => level(axis, run));
  const names = state.sort ? [...groups.keys()] : axis.levels.filter((name) => groups.has(name));
  return names.flatMap((name) => {
    const members = groups.get(name);
    const heading = { group: name, axis, members, closed: closed.has(name) };
    return [heading, ...(heading.closed ? [] : members.map((run) => ({ run })))];
  });
}
