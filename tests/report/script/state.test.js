import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

const STUDY = {
  study: 'masks',
  metrics: [{ name: 'psnr', higher: true }, { name: 'seconds' }],
  runs: [{ id: 'a' }, { id: 'b' }, { id: 'c' }].map((run) => ({ ...run, state: 'finished' })),
  images: [['000'], ['000'], ['000']],
  albums: [],
  axes: [{ name: 'mask', levels: ['box', 'full'], ofRun: [0, 1, 1] }],
  final: { psnr: [20, 25, 30], seconds: [1, 2, 3] },
  perImage: {},
  config: { common: { note: 'plain' }, differs: {} },
};

let popped = null;
const history = { replaceState: mock.fn(), pushState: mock.fn() };
const location = { hash: '#view=runs&metric=nonsense&unknown=1&q=mask%3Dbox' };
Object.assign(globalThis, {
  document: { getElementById: () => ({ textContent: JSON.stringify(STUDY) }) },
  location,
  history,
  addEventListener: (name, listener) => (popped = name === 'popstate' ? listener : popped),
});
mock.timers.enable({ apis: ['setTimeout'] });
const { addressOf, brushes, listen, listOf, set, setBrush, state, textOf, toggled, visibleRuns } =
  await import('../../../src/ganvas/report/static/script/state.js');
const opened = { ...state };
const names = () => visibleRuns().map(({ id }) => id);

beforeEach(() => {
  Object.assign(state, opened, { view: 'summary', q: '' });
  mock.timers.tick(1000);
  history.replaceState.mock.resetCalls();
  history.pushState.mock.resetCalls();
});

test('the address is read: known keys only, and a metric that the study has', () => {
  assert.equal(opened.view, 'runs');
  assert.equal(opened.q, 'mask=box');
  assert.equal(opened.metric, 'psnr');
  assert.ok(!('unknown' in opened));
});

test('an address holds what differs from the defaults, and a link may change some of it', () => {
  assert.equal(addressOf(), '#');
  assert.equal(addressOf({ run: 'a b', step: '56' }), '#run=a+b&step=56');
  assert.equal(state.run, '');
});

test('listeners get what changed, and nothing where nothing did', () => {
  const heard = [];
  listen((changed) => heard.push([...changed].join()));
  set({ q: 'box', step: '', gain: 8 });
  set({ q: 'box' });
  assert.deepEqual(heard, ['q,gain']);
  assert.equal(state.gain, '8');
});

test('a view is a step of the history at once; all else replaces the address a little later', () => {
  set({ q: 'box' });
  set({ q: 'full' });
  assert.equal(history.replaceState.mock.callCount(), 0);
  mock.timers.tick(200);
  assert.equal(history.replaceState.mock.callCount(), 1);
  assert.equal(history.replaceState.mock.calls[0].arguments[2], '#q=full');
  set({ view: 'curves' });
  assert.equal(history.pushState.mock.calls[0].arguments[2], '#view=curves&q=full');
});

test('what waits to be written is not lost when a view opens', () => {
  set({ q: 'box' });
  set({ view: 'curves' });
  assert.equal(history.replaceState.mock.calls[0].arguments[2], '#q=box');
  mock.timers.tick(200);
  assert.equal(history.replaceState.mock.callCount(), 1);
});

test('going back restores the state of the address', () => {
  const heard = [];
  listen((changed) => heard.push([...changed].join()));
  location.hash = '#view=axes';
  popped();
  assert.equal(state.view, 'axes');
  assert.deepEqual(heard, ['view']);
});

test('lists survive every character that a name may have', () => {
  const items = ['a~b', 'c|d', 'é%', ''];
  assert.deepEqual(listOf(textOf(items)), items);
  assert.deepEqual(listOf(''), []);
  assert.equal(toggled(toggled('', 'x'), 'x'), '');
});

test('filter and brushes together say which runs are visible', () => {
  assert.deepEqual(names(), ['a', 'b', 'c']);
  set({ q: 'mask=full' });
  assert.deepEqual(names(), ['b', 'c']);
  setBrush('psnr', [26.000001, 40]);
  assert.deepEqual(names(), ['c']);
  assert.deepEqual([...brushes()], [['psnr', [26, 40]]]);
  set({ q: '' });
  setBrush('mask', [-0.5, 0.5]);
  assert.deepEqual(names(), []);
  setBrush('psnr', null);
  assert.deepEqual(names(), ['a']);
  set({ brush: '' });
});
