/** Keys for everything that is done often. */

const SHORTCUTS = [['/', 'filter'], ['g then s r c a m p', 'views: summary, runs, curves, axes, comparisons, pictures'], [', and .', 'one step back or on, everywhere'],
  ['space', 'play the steps'], ['j k ↑ ↓', 'next or previous run'], ['Enter', 'open a run'], ['x', 'select a run in the table'], ['t', 'light or dark'],
  ['1 2 3 4', 'in the viewer: side by side, wipe, flicker, difference'], ['← →', 'in the viewer: previous or next run'], ['[ ]', 'in the viewer: previous or next image'],
  ['s, m', 'in the viewer: swap, mask'], ['+ − 0', 'in the viewer: zoom'], ['Esc', 'close, back']];
let prefix = '';

const help = h('dialog', { class: 'help' }, h('h3', {}, 'Keys'), h('dl', {}, SHORTCUTS.map(([key, text]) => [h('dt', {}, key), h('dd', {}, text)])),
  h('h3', {}, 'Filter'), h('p', {}, 'Words, or ', h('code', {}, 'mask=box'), ', ', h('code', {}, 'mask=box|full'), ', ', h('code', {}, 'mask!=full'), ', ', h('code', {}, 'psnr>28'), ', ', h('code', {}, 'state=failed'), ', ', h('code', {}, '-word'), '.'),
  h('form', { method: 'dialog', onsubmit: (event) => { event.preventDefault(); help.close(); } }, h('button', {}, 'close')));

function viewerKey(key) {
  const box = document.querySelector('.stage');
  const actions = { ArrowRight: () => nextRun(1), ArrowLeft: () => nextRun(-1), ']': () => nextImage(1), '[': () => nextImage(-1), s: swapSides,
    m: () => set({ mask: state.mask ? '' : '1' }), '+': () => zoomAt(box, 1.5), '=': () => zoomAt(box, 1.5), '-': () => zoomAt(box, 1 / 1.5), 0: () => zoomAt(box, 1 / 32), Escape: closeViewer };
  const mode = MODES.find((item) => item[2] === key);
  const action = mode ? () => set({ mode: mode[0] }) : actions[key];
  action?.();
  return Boolean(action);
}

function pageKey(key) {
  if (prefix === 'g') {
    prefix = '';
    const view = VIEWS.find((item) => item.key === key);
    if (view) set({ view: view.name, run: '' });
    return Boolean(view);
  }
  const list = visibleRuns();
  const place = list.indexOf(runById.get(state.run));
  const step = (by) => state.run && list[place + by] && set({ run: list[place + by].id });
  const actions = { g: () => { prefix = 'g'; }, '/': () => filterBox.focus(), '?': () => help.showModal(), t: switchTheme, j: () => step(1), k: () => step(-1), Escape: () => set({ run: '' }) };
  actions[key]?.();
  return Object.hasOwn(actions, key) && key !== 'j' && key !== 'k';
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const field = event.target.closest?.('input:not([type=checkbox]), select, textarea');
  if (field) {
    if (event.key === 'Escape') field.blur();
    return;
  }
  const common = { ',': () => stepBy(-1), '.': () => stepBy(1), ' ': event.target.closest?.('button, summary, input') ? null : play }[event.key];
  if (common) common();
  else if (!(state.a ? viewerKey(event.key) : pageKey(event.key))) return;
  event.preventDefault();
});
