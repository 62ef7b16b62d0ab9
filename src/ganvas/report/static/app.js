/** The page: header, views, dock; drawn again when the state changes. */

const VIEWS = [
  { name: 'summary', key: 's', title: 'Summary', draw: summaryView },
  { name: 'runs', key: 'r', title: 'Runs', draw: runsView },
  { name: 'curves', key: 'c', title: 'Curves', draw: curvesView },
  { name: 'axes', key: 'a', title: 'Axes', draw: axesView },
  { name: 'comparisons', key: 'm', title: 'Comparisons', draw: matrixView },
  { name: 'pictures', key: 'p', title: 'Pictures', draw: wallView },
];

const root = document.getElementById('app');
const filterBox = h('input', { type: 'search', placeholder: 'filter   mask=box  psnr>28', 'aria-label': 'Filter', spellcheck: 'false', id: 'filter',
  oninput: () => set({ q: filterBox.value }) });
const metricBox = h('div');
const tabs = h('nav', { 'aria-label': 'Views' });
const main = h('main', { tabindex: -1 });
const layer = h('div', { class: 'layer' });

function counts() {
  const found = new Map();
  for (const run of runs) found.set(run.state, (found.get(run.state) ?? 0) + 1);
  return [...found].map(([name, count]) => h('button', { type: 'button', class: `state ${name}`, title: 'Show these', onclick: () => set({ q: `state=${name}`, view: 'runs', run: '' }) }, `${count} ${name}`));
}

function switchTheme() {
  const dark = state.theme ? state.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  set({ theme: dark ? 'light' : 'dark' });
}

/** The slider shows where there are pictures to move. */
function drawDock() {
  document.querySelector('.dock')?.toggleAttribute('hidden', !state.a && !state.run && ['curves', 'axes', 'comparisons'].includes(state.view));
}

function drawHeader() {
  drawDock();
  if (document.activeElement !== filterBox) filterBox.value = state.q;
  document.documentElement.dataset.theme = state.theme;
  tabs.replaceChildren(...VIEWS.map(({ name, title, key }) => h('button', { type: 'button', title: `g ${key}`, 'data-key': `tab:${name}`,
    'aria-current': state.view === name && !state.run ? 'page' : null, onclick: () => set({ view: name, run: '' }) }, title)));
  metricBox.replaceChildren(select('metric', metrics.map((metric) => [metric, metric]), state.metric, (metric) => set({ metric })));
  tabs.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** Draw again, and give the focus and the open menus back to what had them. */
function drawMain() {
  const focused = document.activeElement?.dataset?.key;
  const open = [...main.querySelectorAll('details.menu[open] > summary')].map((node) => node.dataset.key);
  const scroll = [...main.querySelectorAll('.scroll[data-key]')].map((node) => [node.dataset.key, node.scrollTop, node.scrollLeft]);
  const view = state.run ? runPage : (VIEWS.find(({ name }) => name === state.view) ?? VIEWS[0]).draw;
  main.replaceChildren(view());
  for (const key of open) main.querySelector(`summary[data-key="${key}"]`)?.parentElement.setAttribute('open', '');
  for (const [key, top, left] of scroll) main.querySelector(`.scroll[data-key="${key}"]`)?.scrollTo(left, top);
  if (focused) refocus(focused);
  hideTip();
}

function refocus(key) {
  [...document.querySelectorAll('[data-key]')].find((node) => node.dataset.key === key)?.focus({ preventScroll: true });
}

function drawLayer() {
  const focused = document.activeElement?.dataset?.key;
  clearInterval(flickering);
  const viewer = state.a ? viewerNode() : null;
  layer.replaceChildren(...(viewer ? [viewer] : []));
  document.documentElement.classList.toggle('viewing', Boolean(viewer));
  if (focused && viewer) refocus(focused);
}

const VIEWER_KEYS = ['a', 'b', 'image', 'mode', 'gain', 'mask'];
const FREE = new Set([...VIEWER_KEYS, ...LIVE, 'theme']);

listen((changed) => {
  const needed = [...changed];
  if (changed.has('view') || changed.has('run')) {
    scrollTo(0, 0);
    if (changed.has('view')) tableScroll = [0, 0];
  }
  drawHeader();
  if (needed.some((key) => !FREE.has(key) || (key === 'mask' && !state.a))) drawMain();
  if (needed.some((key) => VIEWER_KEYS.includes(key) || key === 'q')) drawLayer();
  if (changed.has('step')) {
    drawStepper();
    moveAll();
  }
  forgetGone();
});

let resizing = 0;
addEventListener('resize', () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => ['curves', 'axes'].includes(state.view) && drawMain(), 150);
});
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.removeAttribute('open');
});

append(root, [
  h('header', { class: 'top' }, h('div', { class: 'title' }, h('h1', {}, data.study), h('div', { class: 'states' }, counts())),
    h('div', { class: 'tools' }, metricBox, filterBox, h('button', { type: 'button', class: 'round', title: 'Light or dark (t)', 'aria-label': 'Light or dark', onclick: switchTheme }, '◐'),
      h('button', { type: 'button', class: 'round', title: 'Keys (?)', 'aria-label': 'Keys', onclick: () => help.showModal() }, '?')), tabs),
  main, layer, allSteps.length > 1 && h('footer', { class: 'dock' }, stepper), tip, help,
  svg('svg', { class: 'unseen', 'aria-hidden': 'true' }, svg('filter', { id: 'tint', 'color-interpolation-filters': 'sRGB' },
    svg('feColorMatrix', { values: '0 0 0 0 0.95  0 0 0 0 0.45  0 0 0 0 0.05  0.33 0.33 0.33 0 0' }))),
]);
drawHeader();
drawStepper();
drawMain();
drawLayer();
root.dataset.ready = performance.now().toFixed(0);
