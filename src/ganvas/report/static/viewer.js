/** Full size: any two pictures of the study against each other. */

const LIVE = new Set(['step', 'wipe', 'zoom']); // changes that the viewer follows without being redrawn

function openViewer(run, image, other) {
  const target = stillPath(run, image, 'target');
  const b = other ? `${other.id}|frame` : target ? `${run.id}|target` : `${(runs.find((item) => item !== run && item.albums.length) ?? run).id}|frame`;
  set({ a: `${run.id}|frame`, b, image: run.images[image], zoom: '' });
}

function closeViewer() {
  clearInterval(flickering);
  set({ a: '', b: '', image: '', zoom: '' });
}

function parseSide(text) {
  const at = text.lastIndexOf('|');
  const run = runById.get(text.slice(0, at));
  if (!run) return null;
  const image = run.images.indexOf(state.image);
  return { run, kind: text.slice(at + 1), image: Math.max(0, image) };
}

function kindsOf(run, image) {
  const stills = albumOf(run, image).stills.map((name) => name.replace(/\.[^.]+$/, '')).filter((name) => name !== 'progress');
  return [['frame', 'at the slider’s step'], ...stills.map((name) => [name, name])];
}

function viewerNode() {
  const a = parseSide(state.a);
  const b = parseSide(state.b) ?? a;
  if (!a) return null;
  return h('div', { class: 'viewer', role: 'dialog', 'aria-modal': 'true', 'aria-label': 'Compare pictures' },
    h('div', { class: 'viewer-bar' }, sidePicker('a', a), h('button', { type: 'button', title: 'Swap (s)', onclick: swapSides }, '⇄'), sidePicker('b', b),
      select('image', imageNames.map((name) => [name, name]), state.image, (image) => set({ image })),
      choice('mode', MODES.map(([key, text, shortcut]) => [key, text, shortcut]), state.mode, (mode) => set({ mode })),
      state.mode === 'difference' && gainSlider(),
      toggle('mask', Boolean(state.mask), (on) => set({ mask: on ? '1' : '' }), 'Lay the run’s mask over the picture (m)'),
      h('span', { class: 'grow' }), sideValues(a, b),
      h('button', { type: 'button', class: 'round', title: 'Close (Esc)', 'aria-label': 'Close', onclick: closeViewer }, '✕')),
    viewerStage(a, b));
}

function sidePicker(side, { run, kind, image }) {
  const options = visibleRuns().includes(run) ? visibleRuns() : [run, ...visibleRuns()];
  return h('div', { class: `side ${side}` }, h('b', {}, side.toUpperCase()),
    h('select', { value: run.id, 'aria-label': `Run ${side}`, 'data-key': `run ${side}`, onchange: (event) => set({ [side]: `${event.target.value}|${kind}` }) },
      options.map((item) => h('option', { value: item.id }, runName(item)))),
    h('select', { value: kind, 'aria-label': `Picture ${side}`, 'data-key': `kind ${side}`, onchange: (event) => set({ [side]: `${run.id}|${event.target.value}` }) },
      kindsOf(run, image).map(([key, text]) => h('option', { value: key }, text))));
}

function sideValues(a, b) {
  const values = [a, b].map(({ run, image, kind }) => (kind === 'frame' ? finalOf(state.metric, run, image) : null));
  if (values.every((value) => value === null)) return null;
  return h('span', { class: 'count' }, `final ${state.metric}: `, values.map((value) => num(value)).join(' | '));
}

function gainSlider() {
  const slider = h('input', { type: 'range', min: 1, max: 16, step: 1, value: state.gain, 'data-key': 'gain', oninput: () => set({ gain: slider.value }) });
  return h('label', { class: 'field' }, h('span', {}, `× ${state.gain}`), slider);
}

function swapSides() {
  set({ a: state.b, b: state.a });
}

/** The next or previous run at side A, with the same picture. */
function nextRun(by) {
  const a = parseSide(state.a);
  const list = visibleRuns().filter((run) => run.albums.length);
  if (!a || !list.length) return;
  const place = (list.indexOf(a.run) + by + list.length) % list.length;
  const b = parseSide(state.b);
  const target = b && b.run === a.run && b.kind !== 'frame';
  set({ a: `${list[place].id}|${a.kind}`, ...(target ? { b: `${list[place].id}|${b.kind}` } : {}) });
}

function nextImage(by) {
  const place = imageNames.indexOf(state.image);
  set({ image: imageNames[(place + by + imageNames.length) % imageNames.length] });
}
