/** Full size: any two pictures of the study side by side, wiped, in turn, or subtracted. */

import { finalOf, imageNames, latentOf, runById, runName, runs } from './data.js';
import { choice, h, select, toggle } from './dom.js';
import { num } from './format.js';
import { applyZoom, panZoom, readZoom } from './panzoom.js';
import {
  fullPicture,
  LATENT,
  maskPicture,
  stillKinds,
  stillPath,
  stillPicture,
} from './pictures.js';
import { set, state, visibleRuns } from './state.js';

export const MODES = [
  ['side', 'side by side', '1'],
  ['wipe', 'wipe', '2'],
  ['flicker', 'flicker', '3'],
  ['difference', 'difference', '4'],
];
const KINDS = { frame: 'at the slider’s step', [LATENT]: 'latent alone' };
const FLICKER = 450; // ms
const WHITE = 255;
let flickering = 0;

/** Open a run's picture against its target, or against `other`'s picture. */
export function openViewer(run, image, other) {
  const target = stillPath(run, image, 'target');
  const neighbour = runs.find((item) => item !== run && item.albums.length) ?? run;
  const b = target && !other ? `${run.id}|target` : `${(other ?? neighbour).id}|frame`;
  openPictures(`${run.id}|frame`, b, run.images[image]);
}

/** Open two pictures, each named as `run|kind`. */
export function openPictures(a, b, image) {
  set({ a, b, image, zoom: '' });
}

export function closeViewer() {
  stopFlicker();
  set({ a: '', b: '', image: '', zoom: '' });
}

export function stopFlicker() {
  clearInterval(flickering);
}

function parseSide(text) {
  const at = text.lastIndexOf('|');
  const run = runById.get(text.slice(0, at));
  if (!run) return null;
  const image = Math.max(0, run.images.indexOf(state.image));
  return { run, kind: text.slice(at + 1), image };
}

export function viewerNode() {
  const a = parseSide(state.a);
  const b = parseSide(state.b) ?? a;
  if (!a) return null;
  const icon = (text, title, onclick, kind = '') =>
    h('button', { type: 'button', class: kind, title, 'aria-label': title, onclick }, text);
  const images = imageNames.map((name) => [name, name]);
  return h(
    'div',
    { class: 'viewer', role: 'dialog', tabindex: -1, 'aria-label': 'Compare pictures' },
    h(
      'div',
      { class: 'viewer-bar' },
      sidePicker('a', a),
      icon('⇄', 'Swap (s)', swapSides),
      sidePicker('b', b),
      select('image', images, state.image, (image) => set({ image })),
      choice('mode', MODES, state.mode, (mode) => set({ mode })),
      state.mode === 'difference' && differenceTools(),
      toggle(
        'mask',
        Boolean(state.mask),
        (on) => set({ mask: on ? '1' : '' }),
        'Lay the run’s mask over the picture (m)',
      ),
      h('span', { class: 'grow' }),
      sideValues(a, b),
      icon('✕', 'Close (Esc)', closeViewer, 'round'),
    ),
    viewerStage(a, b),
  );
}

function sidePicker(side, { run, kind, image }) {
  const visible = visibleRuns();
  const options = visible.includes(run) ? visible : [run, ...visible];
  const stills = stillKinds(run, image).filter((name) => name !== 'progress');
  const kinds = ['frame', ...stills].map((name) => [name, KINDS[name] ?? name]);
  const picker = (name, value, items, change) =>
    h(
      'select',
      {
        value,
        'aria-label': `${name} ${side}`,
        'data-key': `${name} ${side}`,
        onchange: (event) => change(event.target.value),
      },
      items.map(([key, text]) => h('option', { value: key }, text)),
    );
  const names = options.map((item) => [item.id, runName(item)]);
  return h(
    'div',
    { class: `side ${side}` },
    h('b', {}, side.toUpperCase()),
    picker('Run', run.id, names, (id) => set({ [side]: `${id}|${kind}` })),
    picker('Picture', kind, kinds, (other) => set({ [side]: `${run.id}|${other}` })),
  );
}

function sideValues(a, b) {
  const value = ({ run, image, kind }) => {
    if (kind === LATENT) return latentOf(state.metric, run, image);
    return kind === 'frame' || kind === 'result' ? finalOf(state.metric, run, image) : null;
  };
  const values = [value(a), value(b)];
  if (values.every((item) => item === null)) return null;
  const text = values.map((item) => num(item)).join(' | ');
  return h('span', { class: 'count' }, `${state.metric}: ${text}`);
}

/** Amplification, sign, and the scale that they make. */
function differenceTools() {
  const gain = h('input', {
    ...{ type: 'range', min: 1, max: 16, step: 1, value: state.gain, 'data-key': 'gain' },
    oninput: () => set({ gain: gain.value }),
  });
  const most = Math.round(WHITE / Number(state.gain));
  const ends = state.sign ? [`−${most}`, '0', `+${most}`] : ['0', `${most}`];
  const signs = [
    ['', 'absolute', 'Size of the difference, per channel: |A − B|'],
    ['1', 'signed', 'Grey where equal, brighter where A is brighter: A − B'],
  ];
  const scale = `Black to white: ${ends[0]} to ${ends.at(-1)} of ${WHITE} levels`;
  return [
    choice('difference', signs, state.sign, (sign) => set({ sign })),
    h('label', { class: 'field' }, h('span', {}, `× ${state.gain}`), gain),
    h(
      'span',
      { class: 'levels-scale', title: scale },
      h('i'),
      ends.map((end) => h('small', {}, end)),
    ),
  ];
}

export function swapSides() {
  set({ a: state.b, b: state.a });
}

/** The next or previous run at side A, with the same picture. */
export function nextRun(by) {
  const a = parseSide(state.a);
  const list = visibleRuns().filter((run) => run.albums.length);
  if (!a || !list.length) return;
  const { id } = list[(list.indexOf(a.run) + by + list.length) % list.length];
  const b = parseSide(state.b);
  const still = b && b.run === a.run && b.kind !== 'frame'; // such as the run's own target
  set({ a: `${id}|${a.kind}`, ...(still ? { b: `${id}|${b.kind}` } : {}) });
}

export function nextImage(by) {
  const place = imageNames.indexOf(state.image) + by + imageNames.length;
  set({ image: imageNames[place % imageNames.length] });
}

function sideName({ run, kind, image }) {
  if (kind === 'target') return `target, image ${run.images[image]}`;
  return kind === 'frame' ? runName(run) : `${KINDS[kind] ?? kind} · ${runName(run)}`;
}

function viewerStage(a, b) {
  stopFlicker();
  const signed = state.mode === 'difference' && state.sign ? ' signed' : '';
  const box = h('div', { class: `stage ${state.mode}${signed}` });
  const picture = ({ run, image, kind }) => {
    const look = { class: 'panned', alt: `${runName(run)} ${kind}` };
    if (kind === 'frame') return fullPicture(run, image, look);
    return stillPicture(run, stillPath(run, image, kind), look);
  };
  const mask = ({ run, image }) => maskPicture(run, image, 'panned');
  const name = (letter, side) =>
    h(
      'span',
      { class: `letter ${letter}` },
      h('b', {}, letter.toUpperCase()),
      ` ${sideName(side)}`,
    );
  if (state.mode === 'side') {
    box.append(h('div', { class: 'pane' }, picture(a), mask(a), name('a', a)));
    box.append(h('div', { class: 'pane' }, picture(b), mask(b), name('b', b)));
  } else {
    const top = h('div', { class: 'over-layer' }, picture(b));
    const pane = h('div', { class: 'pane' }, picture(a), top, mask(a), name('a', a), name('b', b));
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
  const handle = h('div', {
    ...{ class: 'handle', tabindex: 0, role: 'slider', 'aria-label': 'Wipe', 'data-key': 'wipe' },
    ...{ 'aria-valuemin': 0, 'aria-valuemax': 100 },
  });
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
    const share = (100 * (event.clientX - bounds.left)) / bounds.width;
    set({ wipe: place(share).toFixed(1) });
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
  }, FLICKER);
}
