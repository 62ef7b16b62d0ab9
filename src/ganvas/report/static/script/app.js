/** The page: header, views, keys, slider; drawn again when the state changes. */

import { axesView } from './axes.js';
import { comparisonsView } from './comparisons.js';
import { curvesView } from './curves.js';
import { data, metrics, runById, runs } from './data.js';
import { append, h, hideTip, select, svg, tip } from './dom.js';
import { plural } from './format.js';
import { zoomAt } from './panzoom.js';
import { allSteps, forgetGone, moveAll } from './pictures.js';
import { runPage } from './runpage.js';
import { runsKey, runsView } from './runs.js';
import { drawSlider, play, slider, stepBy } from './slider.js';
import { listen, set, state, visibleRuns } from './state.js';
import { summaryView } from './summary.js';
import { forgetScroll } from './table.js';
import {
  closeViewer,
  MODES,
  nextImage,
  nextRun,
  stopFlicker,
  swapSides,
  viewerNode,
} from './viewer.js';
import { wallView } from './wall.js';

const WATCH = 3000; // ms between two looks for a newer page
const RESIZED = 150; // ms

/** `whole`: of the whole study, whatever the filter; `still`: nothing that the slider moves. */
const VIEWS = [
  { name: 'summary', key: 's', title: 'Summary', draw: summaryView, whole: true },
  { name: 'runs', key: 'r', title: 'Runs', draw: runsView },
  { name: 'curves', key: 'c', title: 'Curves', draw: curvesView, still: true },
  { name: 'axes', key: 'a', title: 'Axes', draw: axesView, still: true },
  {
    name: 'comparisons',
    key: 'm',
    title: 'Comparisons',
    draw: comparisonsView,
    whole: true,
    still: true,
  },
  { name: 'pictures', key: 'p', title: 'Pictures', draw: () => wallView() },
  { name: 'latent', key: 'l', title: 'Latent', draw: () => wallView(true), still: true },
];
const presentView = () => VIEWS.find(({ name }) => name === state.view) ?? VIEWS[0];

const root = document.getElementById('app');
const filterBox = h('input', {
  ...{ type: 'search', placeholder: 'filter   mask=box  psnr>28', 'aria-label': 'Filter' },
  ...{ spellcheck: 'false', id: 'filter' },
  oninput: () => set({ q: filterBox.value }),
});
const metricBox = h('div');
const counted = h('span', { class: 'count' });
const tabs = h('nav', { 'aria-label': 'Views' });
const main = h('main', { tabindex: -1 });
const layer = h('div', { class: 'layer' });
const dock = allSteps.length > 1 ? h('footer', { class: 'dock' }, slider) : null;

function stateCounts() {
  const groups = [...Map.groupBy(runs, (run) => run.state)];
  return groups.map(([name, members]) => {
    const onclick = () => set({ q: `state=${name}`, view: 'runs', run: '' });
    const attributes = { type: 'button', class: `state ${name}`, title: 'Show these', onclick };
    return h('button', attributes, `${members.length} ${name}`);
  });
}

function switchTheme() {
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  set({ theme: (state.theme || system) === 'dark' ? 'light' : 'dark' });
}

const goTo = (name) => set({ view: name, run: '' });

function drawHeader() {
  const kept = visibleRuns().length;
  dock?.toggleAttribute('hidden', !state.a && !state.run && Boolean(presentView().still));
  counted.textContent =
    kept === runs.length ? plural(kept, 'run') : `${kept} of ${plural(runs.length, 'run')}`;
  counted.classList.toggle('none', !kept);
  if (document.activeElement !== filterBox) filterBox.value = state.q;
  document.documentElement.dataset.theme = state.theme;
  const tab = ({ name, title, key }) =>
    h(
      'button',
      {
        type: 'button',
        title: `g ${key}`,
        'data-key': `tab:${name}`,
        'aria-current': presentView().name === name && !state.run ? 'page' : null,
        onclick: () => goTo(name),
      },
      title,
    );
  tabs.replaceChildren(...VIEWS.map(tab));
  tabs.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  const names = metrics.map((metric) => [metric, metric]);
  metricBox.replaceChildren(select('metric', names, state.metric, (metric) => set({ metric })));
}

/** What the filter does to this view, where that is not plain to see. */
function filterNotice() {
  if (state.run || visibleRuns().length === runs.length) return '';
  const clear = { type: 'button', onclick: () => set({ q: '', brush: '' }) };
  const button = h('button', clear, 'clear the filter');
  if (presentView().whole) {
    const text = 'These statistics are of the whole study; the filter does not change them. ';
    return h('p', { class: 'notice' }, text, button);
  }
  if (visibleRuns().length) return '';
  return h('p', { class: 'notice' }, h('b', {}, 'No run passes the filter. '), button);
}

/** Draw again, and give the focus, the open menus and the scrolling back to what had them. */
function drawMain() {
  const focused = document.activeElement?.dataset?.key;
  const open = [...main.querySelectorAll('details.menu[open] > summary')];
  const menus = open.map((node) => node.dataset.key);
  const boxes = [...main.querySelectorAll('.scroll[data-key]')];
  const scrolls = boxes.map((node) => [node.dataset.key, node.scrollTop, node.scrollLeft]);
  main.replaceChildren(filterNotice(), state.run ? runPage() : presentView().draw());
  for (const key of menus) {
    main.querySelector(`summary[data-key="${key}"]`)?.parentElement.setAttribute('open', '');
  }
  for (const [key, top, left] of scrolls) {
    main.querySelector(`.scroll[data-key="${key}"]`)?.scrollTo(left, top);
  }
  if (focused) refocus(focused);
  hideTip();
}

function refocus(key) {
  const nodes = [...document.querySelectorAll('[data-key]')];
  nodes.find((node) => node.dataset.key === key)?.focus({ preventScroll: true });
}

let opener = null; // what had the focus before the viewer was opened

function drawLayer() {
  const active = document.activeElement;
  const focused = active?.dataset?.key;
  const wasOpen = layer.childElementCount > 0;
  const wasInside = layer.contains(active);
  stopFlicker();
  const viewer = state.a ? viewerNode() : null;
  layer.replaceChildren(viewer ?? '');
  document.documentElement.classList.toggle('viewing', Boolean(viewer));
  for (const behind of [header, main]) behind.inert = Boolean(viewer);
  if (viewer && !wasOpen) opener = active;
  if (viewer && focused) refocus(focused);
  if (viewer && (!wasOpen || wasInside) && !viewer.contains(document.activeElement)) viewer.focus();
  if (!viewer && wasOpen && opener?.isConnected) opener.focus({ preventScroll: true });
}

const FOLLOWED = ['step', 'wipe', 'zoom']; // what is shown follows these without being redrawn
const VIEWER_KEYS = ['a', 'b', 'image', 'mode', 'gain', 'sign', 'mask'];
const FREE = new Set([...VIEWER_KEYS, ...FOLLOWED, 'theme']);

listen((changed) => {
  const keys = [...changed];
  if (changed.has('view') || changed.has('run')) scrollTo(0, 0);
  if (changed.has('view')) forgetScroll();
  drawHeader();
  if (keys.some((key) => !FREE.has(key) || (key === 'mask' && !state.a))) drawMain();
  if (keys.some((key) => VIEWER_KEYS.includes(key) || key === 'q')) drawLayer();
  if (changed.has('step')) {
    drawSlider();
    moveAll();
  }
  forgetGone();
});

let resizing = 0;
addEventListener('resize', () => {
  const sized = ['runs', 'curves', 'axes', 'comparisons', 'pictures', 'latent'].includes(
    state.view,
  );
  clearTimeout(resizing);
  resizing = setTimeout(() => sized && drawMain(), RESIZED);
});

document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(event.target)) menu.removeAttribute('open');
  }
});

const KEYS = [
  ['/', 'filter'],
  [
    `g then ${VIEWS.map(({ key }) => key).join(' ')}`,
    `views: ${VIEWS.map(({ name }) => name).join(', ')}`,
  ],
  [', and .', 'one step back or on, everywhere'],
  ['space', 'play the steps'],
  ['↑ ↓ Enter x', 'in the table: move, open, select'],
  ['j k', 'on a run’s page: next, previous'],
  ['t', 'light or dark'],
  ['1 2 3 4', 'in the viewer: side by side, wipe, flicker, difference'],
  ['← →', 'in the viewer: previous or next run'],
  ['[ ]', 'in the viewer: previous or next image'],
  ['s, m', 'in the viewer: swap, mask'],
  ['+ − 0', 'in the viewer: zoom'],
  ['Esc', 'close, back'],
];
const EXAMPLES = ['mask=box', 'mask=box|full', 'mask!=full', 'psnr>28', 'state=failed', '-word'];
const help = h(
  'dialog',
  { class: 'help' },
  h('h3', {}, 'Keys'),
  h(
    'dl',
    {},
    KEYS.map(([key, text]) => [h('dt', {}, key), h('dd', {}, text)]),
  ),
  h('h3', {}, 'Filter'),
  h(
    'p',
    {},
    'Words, or ',
    EXAMPLES.map((text) => [h('code', {}, text), ' ']),
  ),
  h('button', { type: 'button', class: 'done', onclick: () => help.close() }, 'close'),
);

function viewerKey(key) {
  const box = document.querySelector('.stage');
  const actions = {
    ArrowRight: () => nextRun(1),
    ArrowLeft: () => nextRun(-1),
    ']': () => nextImage(1),
    '[': () => nextImage(-1),
    s: swapSides,
    m: () => set({ mask: state.mask ? '' : '1' }),
    '+': () => zoomAt(box, 1.5),
    '=': () => zoomAt(box, 1.5),
    '-': () => zoomAt(box, 1 / 1.5),
    0: () => zoomAt(box, 1 / 32),
    Escape: closeViewer,
  };
  const mode = MODES.find((item) => item[2] === key);
  const action = mode ? () => set({ mode: mode[0] }) : actions[key];
  action?.();
  return Boolean(action);
}

let afterG = false;

function pageKey(key) {
  if (afterG) {
    afterG = false;
    const view = VIEWS.find((item) => item.key === key);
    if (view) goTo(view.name);
    return Boolean(view);
  }
  const list = visibleRuns();
  const place = list.indexOf(runById.get(state.run));
  const step = (by) => list[place + by] && set({ run: list[place + by].id });
  const onRun = { j: () => step(1), k: () => step(-1), Escape: () => set({ run: '' }) };
  const everywhere = {
    g: () => (afterG = true),
    '/': () => filterBox.focus(),
    '?': () => help.showModal(),
    t: switchTheme,
  };
  const action = everywhere[key] ?? (state.run ? onRun[key] : undefined);
  action?.();
  if (!action && !state.run && state.view === 'runs') return runsKey(key);
  return Boolean(action);
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const { key, target } = event;
  const on = (selector) => target.closest?.(selector);
  if (on('input:not([type=checkbox]), select, textarea')) {
    if (key === 'Escape' || (key === 'Enter' && target === filterBox)) target.blur();
    return;
  }
  if ([' ', 'Enter'].includes(key) && on('a, button, summary, input')) return; // their own keys
  const steps = { ',': () => stepBy(-1), '.': () => stepBy(1), ' ': play };
  if (steps[key]) steps[key]();
  else if (!(state.a ? viewerKey(key) : pageKey(key))) return;
  event.preventDefault();
});

/** While a study runs, look for a newer version of this page and show it at the same place. */
globalThis.ganvasVersion = (built) => {
  if (built !== data.built) location.reload();
};

function lookForNewer() {
  const done = () => script.remove();
  const src = `version.js?${Date.now()}`;
  const script = h('script', { src, onload: done, onerror: done });
  document.head.append(script);
}

if (data.watch) setInterval(lookForNewer, WATCH);

const round = (text, title, onclick) =>
  h('button', { type: 'button', class: 'round', title, 'aria-label': title, onclick }, text);
const TINT = '0 0 0 0 0.95  0 0 0 0 0.45  0 0 0 0 0.05  0.33 0.33 0.33 0 0';

const header = h(
  'header',
  { class: 'top' },
  h(
    'div',
    { class: 'title' },
    h('h1', {}, data.study),
    counted,
    h('div', { class: 'states' }, stateCounts()),
  ),
  h(
    'div',
    { class: 'tools' },
    metricBox,
    filterBox,
    round('◐', 'Light or dark (t)', switchTheme),
    round('?', 'Keys (?)', () => help.showModal()),
  ),
  tabs,
);
append(root, [
  header,
  main,
  layer,
  dock,
  tip,
  help,
  svg(
    'svg',
    { class: 'unseen', 'aria-hidden': 'true' },
    svg(
      'filter',
      { id: 'tint', 'color-interpolation-filters': 'sRGB' },
      svg('feColorMatrix', { values: TINT }),
    ),
  ),
]);
drawHeader();
drawSlider();
drawMain();
drawLayer();
root.dataset.ready = performance.now().toFixed(0);
