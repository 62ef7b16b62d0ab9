/** Pictures that follow the slider: loaded when they come into view, changed all together. */

import { data, runName } from './data.js';
import { h } from './dom.js';
import { state } from './state.js';

/** The picture of the stage that fits the latent, before any noise map is fitted. */
export const LATENT = 'w';

const frameSteps = data.albums.flatMap((album) => album.frames.map((name) => parseInt(name, 10)));
const embedded = new Map();
const following = new Map();

export const allSteps = [...new Set(frameSteps)].sort((a, b) => a - b);
export const hasPictures = data.albums.some(({ frames, stills }) => frames.length + stills.length);
export const hasStill = (kind) => data.albums.some(({ stills }) => stillNamed(stills, kind));

export const currentStep = () => (state.step === '' ? (allSteps.at(-1) ?? 0) : Number(state.step));
export const atTheEnd = () => currentStep() >= (allSteps.at(-1) ?? 0);

/** Address of a picture, by its path below the run's `images/`. */
function pictureURL(run, path) {
  if (!data.single) {
    return ['pictures', run.id, ...path.split('/')].map(encodeURIComponent).join('/');
  }
  if (!embedded.has(run.id)) {
    const block = document.getElementById(`pictures:${run.id}`);
    if (!block) return '';
    embedded.set(run.id, JSON.parse(block.textContent));
  }
  return embedded.get(run.id)[path] ?? '';
}

const albumOf = (run, image) => data.albums[run.albums[image]] ?? { stills: [], frames: [] };
const withoutSuffix = (name) => name.replace(/\.[^.]+$/, '');
const stillNamed = (stills, kind) => stills.find((name) => withoutSuffix(name) === kind);

/** The kinds of stills that there are of an image, such as `target`, `w`, `result` and `mask`. */
export const stillKinds = (run, image) => albumOf(run, image).stills.map(withoutSuffix);

export function stillPath(run, image, kind) {
  const name = stillNamed(albumOf(run, image).stills, kind);
  return name ? `${run.files[image]}/${name}` : null;
}

/** The newest frame at or before `step`; the first one before that. */
function framePath(run, image, step) {
  const { frames } = albumOf(run, image);
  if (!frames.length) return stillPath(run, image, 'result');
  const newest = frames.findLast((name) => parseInt(name, 10) <= step) ?? frames[0];
  return `${run.files[image]}/frames/${newest}`;
}

/** At the slider's end the full-size result stands for the last frame. */
function fullPath(run, image, step) {
  const last = step === allSteps.at(-1) && run.state === 'finished';
  return (last && stillPath(run, image, 'result')) || framePath(run, image, step);
}

/** An `img` of a run at the slider's step. */
export function livePicture(run, image, attributes = {}) {
  const alt = `${runName(run)}, image ${run.images[image]}`;
  return follow({ class: 'live', alt, ...attributes }, run, (step) => framePath(run, image, step));
}

/** The same, with the result in full size at the slider's end. */
export function fullPicture(run, image, attributes = {}) {
  return follow(attributes, run, (step) => fullPath(run, image, step));
}

export function stillPicture(run, path, attributes = {}) {
  return follow({ alt: '', ...attributes }, run, () => path);
}

/** The run's mask over a picture, where masks are shown and the run has one. */
export function maskPicture(run, image, kind) {
  const path = state.mask && stillPath(run, image, 'mask');
  return path ? stillPicture(run, path, { class: `${kind} mask` }) : null;
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      const item = following.get(entry.target);
      if (!item) continue;
      item.near = entry.isIntersecting;
      if (item.near) item.show();
    }
  },
  { rootMargin: '300px', scrollMargin: '300px' },
);

function follow(attributes, run, pathAt) {
  const node = h('img', { decoding: 'async', draggable: 'false', ...attributes });
  let shown = null;
  const show = () => {
    const path = pathAt(currentStep());
    if (path === shown) return;
    shown = path;
    if (path) node.src = pictureURL(run, path);
    else node.removeAttribute('src');
    node.dataset.path = path ?? '';
  };
  following.set(node, { near: false, show });
  seen.observe(node);
  return node;
}

export function moveAll() {
  for (const [node, item] of following) if (item.near && node.isConnected) item.show();
}

export function forgetGone() {
  for (const node of following.keys()) {
    if (node.isConnected) continue;
    following.delete(node);
    seen.unobserve(node);
  }
}
