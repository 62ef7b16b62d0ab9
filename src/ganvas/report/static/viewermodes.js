/** Ways to look at two pictures: side by side, wipe, flicker, difference. */

const MODES = [['side', 'side by side', '1'], ['wipe', 'wipe', '2'], ['flicker', 'flicker', '3'], ['difference', 'difference', '4']];
let flickering = 0;

function viewerImage(run, image, kind, extra = '') {
  const node = h('img', { class: `panned ${extra}`, alt: `${runName(run)} ${kind}`, draggable: 'false' });
  follow(node, (step) => viewerPath(run, image, kind, step), run);
  return node;
}

/** At the slider's end the full-size result stands for the last frame. */
function viewerPath(run, image, kind, step) {
  if (kind !== 'frame') return stillPath(run, image, kind);
  const last = step === allSteps.at(-1) && run.state === 'finished';
  return (last && stillPath(run, image, 'result')) || framePath(run, image, step);
}

function maskImage(run, image, place = 'panned') {
  const path = state.mask && stillPath(run, image, 'mask');
  return path ? stillPicture(run, path, { class: `${place} mask` }) : null;
}

function viewerStage(a, b) {
  clearInterval(flickering);
  const box = h('div', { class: `stage ${state.mode}` });
  const one = () => viewerImage(a.run, a.image, a.kind);
  const other = () => viewerImage(b.run, b.image, b.kind);
  const name = (letter, item) => h('span', { class: `letter ${letter}` }, h('b', {}, letter.toUpperCase()), ` ${item.kind === 'target' ? `target, image ${item.run.images[item.image]}` : `${item.kind === 'frame' ? '' : `${item.kind} · `}${runName(item.run)}`}`);
  if (state.mode === 'side') {
    box.append(h('div', { class: 'pane' }, one(), maskImage(a.run, a.image) ?? '', name('a', a)), h('div', { class: 'pane' }, other(), maskImage(b.run, b.image) ?? '', name('b', b)));
  } else {
    const top = h('div', { class: 'over-layer' }, other());
    const pane = h('div', { class: 'pane' }, one(), top, maskImage(a.run, a.image) ?? '', name('a', a), name('b', b));
    box.append(pane);
    if (state.mode === 'wipe') wipe(pane, top);
    if (state.mode === 'flicker') flicker(pane, top);
    if (state.mode === 'difference') box.style.setProperty('--gain', state.gain);
  }
  panZoom(box);
  readZoom();
  applyZoom(box);
  return box;
}

function wipe(pane, top) {
  const handle = h('div', { class: 'handle', tabindex: 0, role: 'slider', 'aria-label': 'Wipe', 'aria-valuemin': 0, 'aria-valuemax': 100, 'data-key': 'wipe' });
  const place = (share) => {
    const bounded = Math.max(0, Math.min(100, share));
    top.style.clipPath = `inset(0 0 0 ${bounded}%)`;
    handle.style.left = `${bounded}%`;
    handle.setAttribute('aria-valuenow', Math.round(bounded));
    return bounded;
  };
  place(Number(state.wipe));
  handle.addEventListener('pointerdown', (event) => handle.setPointerCapture(event.pointerId));
  handle.addEventListener('pointermove', (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const bounds = pane.getBoundingClientRect();
    set({ wipe: place((100 * (event.clientX - bounds.left)) / bounds.width).toFixed(1) });
  });
  handle.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (!by) return;
    event.stopPropagation();
    set({ wipe: place(Number(state.wipe) + by).toFixed(1) });
  });
  pane.append(handle);
}

function flicker(pane, top) {
  flickering = setInterval(() => {
    top.hidden = !top.hidden;
    pane.dataset.shows = top.hidden ? 'a' : 'b';
  }, 450);
}
