/** What is shown, held in the address: a link restores the exact view. */

const DEFAULTS = {
  view: 'summary', metric: metrics[0] ?? 'seconds', q: '', brush: '', theme: '', run: '',
  sort: '', group: '', hide: '', show: '', closed: '', heat: '1', sel: '', differs: '',
  x: 'step', lines: '', log: '', smooth: '0', band: '1', only: '',
  by: 'axes', cell: '', rows: '', cols: '', fix: '', size: '128', target: '',
  step: '', a: '', b: '', image: '', mode: 'wipe', wipe: '50', gain: '4', mask: '', zoom: '',
};
const PUSHED = new Set(['view', 'run', 'a']);
const listeners = [];
let state = readHash();
let pending = 0;

function readHash() {
  const found = { ...DEFAULTS };
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (Object.hasOwn(DEFAULTS, key)) found[key] = value;
  }
  if (!isMetric(found.metric)) found.metric = DEFAULTS.metric;
  return found;
}

function hashOf(values) {
  const parts = Object.entries(values).filter(([key, value]) => value !== DEFAULTS[key]);
  return '#' + new URLSearchParams(parts).toString();
}

function writeHash(push) {
  clearTimeout(pending);
  const go = () => history[push ? 'pushState' : 'replaceState'](null, '', hashOf(state));
  if (push) go();
  else pending = setTimeout(go, 120); // browsers limit how often the address may change
}

/** Change some of the state; listeners get the set of keys that changed. */
function set(patch) {
  const changed = new Set(Object.keys(patch).filter((key) => String(patch[key]) !== state[key]));
  if (!changed.size) return;
  if ([...changed].some((key) => PUSHED.has(key)) && pending) {
    clearTimeout(pending);
    history.replaceState(null, '', hashOf(state));
  }
  state = { ...state, ...Object.fromEntries(Object.entries(patch).map(([key, value]) => [key, String(value)])) };
  writeHash([...changed].some((key) => PUSHED.has(key)));
  for (const listener of listeners) listener(changed);
}

function listen(listener) {
  listeners.push(listener);
}

addEventListener('popstate', () => {
  const next = readHash();
  const changed = new Set(Object.keys(next).filter((key) => next[key] !== state[key]));
  state = next;
  if (changed.size) for (const listener of listeners) listener(changed);
});

/** Lists in the state are separated by the unit separator's visible cousin, a tilde. */
const listOf = (text) => (text ? text.split('~').map(decodeURIComponent) : []);
const textOf = (list) => list.map((item) => encodeURIComponent(item)).join('~');

function toggled(text, item) {
  const list = listOf(text);
  return textOf(list.includes(item) ? list.filter((other) => other !== item) : [...list, item]);
}
