/** What is shown, held in the address: a link restores the exact view. */

import {
  axes,
  axisByName,
  configValue,
  data,
  final,
  isMetric,
  level,
  metrics,
  runById,
  runs,
} from './data.js';
import { parseFilter } from './filter.js';

const DEFAULTS = {
  ...{ view: 'summary', metric: metrics[0] ?? 'seconds', q: '', brush: '', theme: '', run: '' },
  ...{ sort: '', group: '', hide: '', show: '', closed: '', heat: '1', sel: '', differs: '' },
  ...{ x: 'step', lines: '', log: '', smooth: '0', band: '1', only: '' },
  ...{ by: 'axes', cell: '', rows: '', cols: '', fix: '', size: '', step: '' },
  ...{ a: '', b: '', image: '', mode: 'wipe', wipe: '50', gain: '4', sign: '', mask: '', zoom: '' },
};
const PUSHED = new Set(['view', 'run', 'a']); // the back button goes back to these
const WAIT = 120; // ms; browsers limit how often the address may change
const listeners = [];
let pending = 0;

/** The present state, all of it text. Read it anywhere; change it by `set`. */
export const state = readAddress();

function readAddress() {
  const values = { ...DEFAULTS };
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (Object.hasOwn(DEFAULTS, key)) values[key] = value;
  }
  if (!isMetric(values.metric)) values.metric = DEFAULTS.metric;
  return values;
}

/** The address of the present state with some of it changed, for a link. */
export function addressOf(patch = {}) {
  const parts = Object.entries({ ...state, ...patch });
  return `#${new URLSearchParams(parts.filter(([key, value]) => value !== DEFAULTS[key]))}`;
}

/** Change some of the state; listeners get the set of keys that changed. */
export function set(patch) {
  const texts = Object.fromEntries(Object.entries(patch).map(([key, v]) => [key, String(v)]));
  const changed = Object.keys(texts).filter((key) => texts[key] !== state[key]);
  if (!changed.length) return;
  const push = changed.some((key) => PUSHED.has(key));
  clearTimeout(pending);
  if (push) history.replaceState(null, '', addressOf()); // what was waiting to be written
  Object.assign(state, texts);
  if (push) history.pushState(null, '', addressOf());
  else pending = setTimeout(() => history.replaceState(null, '', addressOf()), WAIT);
  notify(new Set(changed));
}

/** Call `listener` with the set of changed keys after every change. */
export function listen(listener) {
  listeners.push(listener);
}

function notify(changed) {
  for (const listener of listeners) listener(changed);
}

addEventListener('popstate', () => {
  const next = readAddress();
  const changed = new Set(Object.keys(next).filter((key) => next[key] !== state[key]));
  Object.assign(state, next);
  if (changed.size) notify(changed);
});

/** Lists in the state are separated by the unit separator's visible cousin, a tilde. */
export const listOf = (text) => (text ? text.split('~').map(decodeURIComponent) : []);
export const textOf = (list) =>
  list.map((item) => encodeURIComponent(item).replaceAll('~', '%7E')).join('~');

export function toggled(text, item) {
  const list = listOf(text);
  return textOf(list.includes(item) ? list.filter((other) => other !== item) : [...list, item]);
}

/** Brushes as a map from axis or metric name to [low, high]. */
export function brushes() {
  const parts = listOf(state.brush).map((item) => item.split('|'));
  return new Map(parts.map(([name, low, high]) => [name, [Number(low), Number(high)]]));
}

export function setBrush(name, range) {
  const ranges = brushes();
  if (range) {
    ranges.set(
      name,
      range.map((value) => Number(value.toPrecision(5))),
    );
  } else ranges.delete(name);
  set({ brush: textOf([...ranges].map(([key, [low, high]]) => `${key}|${low}|${high}`)) });
}

/** Where a run lies on an axis (its level's index) or a metric. */
export function brushValue(name, run) {
  const axis = axes.find((item) => item.name === name);
  return axis ? axis.ofRun[run.index] : final(name, run);
}

function passesBrushes(run, ranges) {
  return [...ranges].every(([name, [low, high]]) => {
    const value = brushValue(name, run);
    return value !== null && value >= low && value <= high;
  });
}

function valueOf(key, run) {
  if (axisByName.has(key)) return level(axisByName.get(key), run);
  if (isMetric(key)) return final(key, run);
  if (['state', 'edit', 'stage', 'step', 'id'].includes(key)) return run[key];
  return configValue(key, run);
}

function wordsOf(run) {
  run.words ??= [run.id, run.state, run.edit, run.error, ...axes.map((axis) => level(axis, run))]
    .concat(Object.keys(data.config.differs).map((key) => configValue(key, run)))
    .join('\n')
    .toLowerCase();
  return run.words;
}

let remembered = { key: null, runs: [] };

/** The runs that every view shows: those that pass the filter and the brushes. */
export function visibleRuns() {
  const key = `${state.q}\n${state.brush}`;
  if (remembered.key !== key) {
    const passes = parseFilter(state.q, valueOf, wordsOf);
    const ranges = brushes();
    const kept = runs.filter((run) => passes(run) && passesBrushes(run, ranges));
    remembered = { key, runs: kept };
  }
  return remembered.runs;
}

export const selectedRuns = () =>
  listOf(state.sel)
    .map((id) => runById.get(id))
    .filter(Boolean);
