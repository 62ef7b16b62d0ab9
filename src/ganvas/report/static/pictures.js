/** Pictures that follow the slider: loaded when they come into view, changed all together. */

const allSteps = [...new Set(data.albums.flatMap((album) => album.frames.map((name) => parseInt(name, 10))))]
  .sort((a, b) => a - b);
const hasPictures = data.albums.some((album) => album.frames.length || album.stills.length);
const hasMasks = data.albums.some((album) => album.stills.some((name) => name.startsWith('mask.')));
const embedded = new Map();
const following = new Map();

const currentStep = () => (state.step === '' ? allSteps.at(-1) ?? 0 : Number(state.step));

/** Address of a picture, by its path below the run's `images/`. */
function pictureURL(run, path) {
  if (!data.single) return ['pictures', run.id, ...path.split('/')].map(encodeURIComponent).join('/');
  if (!embedded.has(run.id)) {
    const block = document.getElementById(`pictures:${run.id}`);
    if (!block) return '';
    embedded.set(run.id, JSON.parse(block.textContent));
  }
  return embedded.get(run.id)[path] ?? '';
}

const albumOf = (run, image) => data.albums[run.albums[image]] ?? { stills: [], frames: [] };

function stillPath(run, image, kind) {
  const name = albumOf(run, image).stills.find((item) => item.replace(/\.[^.]+$/, '') === kind);
  return name ? `${run.files[image]}/${name}` : null;
}

/** The newest frame at or before `step`; the first one before that. */
function framePath(run, image, step) {
  const frames = albumOf(run, image).frames;
  if (!frames.length) return stillPath(run, image, 'result');
  let found = frames[0];
  for (const name of frames) if (parseInt(name, 10) <= step) found = name;
  return `${run.files[image]}/frames/${found}`;
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const item = following.get(entry.target);
    if (!item) continue;
    item.near = entry.isIntersecting;
    if (item.near) item.show();
  }
}, { rootMargin: '300px' });

/** An `img` of a run at the slider's step. */
function livePicture(run, image, attributes = {}) {
  const node = h('img', { class: 'live', alt: `${runName(run)}, image ${run.images[image]}`, decoding: 'async',
    draggable: 'false', ...attributes });
  follow(node, (step) => framePath(run, image, step), run);
  return node;
}

function stillPicture(run, path, attributes = {}) {
  const node = h('img', { alt: '', decoding: 'async', draggable: 'false', ...attributes });
  follow(node, () => path, run);
  return node;
}

function follow(node, pathAt, run) {
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
}

function moveAll() {
  for (const [node, item] of following) if (item.near && node.isConnected) item.show();
}

function forgetGone() {
  for (const node of following.keys()) {
    if (node.isConnected) continue;
    following.delete(node);
    seen.unobserve(node);
  }
}
