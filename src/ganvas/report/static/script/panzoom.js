/** Zoom and pan, the same for every picture of the viewer. */

import { set, state } from './state.js';

const zoomed = { scale: 1, x: 0, y: 0 };

export function readZoom() {
  const [scale, x, y] = state.zoom.split(',').map(Number);
  Object.assign(
    zoomed,
    state.zoom && [scale, x, y].every(Number.isFinite) ? { scale, x, y } : { scale: 1, x: 0, y: 0 },
  );
}

/** Offsets are in shares of the pane, so that a link fits another window. */
export function applyZoom(box) {
  const move = `translate(${zoomed.x * 100}%, ${zoomed.y * 100}%) scale(${zoomed.scale})`;
  for (const node of box.querySelectorAll('.panned')) {
    node.style.transform = move;
    node.classList.toggle('pixels', zoomed.scale >= 4);
  }
}

function keepZoom(box) {
  applyZoom(box);
  set({
    zoom:
      zoomed.scale === 1
        ? ''
        : [zoomed.scale, zoomed.x, zoomed.y].map((value) => Number(value.toFixed(4))).join(','),
  });
}

export function zoomAt(box, factor, px = 0.5, py = 0.5) {
  const scale = Math.max(1, Math.min(32, zoomed.scale * factor));
  const real = scale / zoomed.scale;
  // the point under the cursor stays: offsets are from the pane's centre
  zoomed.x = px - 0.5 - (px - 0.5 - zoomed.x) * real;
  zoomed.y = py - 0.5 - (py - 0.5 - zoomed.y) * real;
  zoomed.scale = scale;
  keepInside();
  keepZoom(box);
}

function keepInside() {
  const room = (zoomed.scale - 1) / 2;
  zoomed.x = Math.max(-room, Math.min(room, zoomed.x));
  zoomed.y = Math.max(-room, Math.min(room, zoomed.y));
}

export function panZoom(box) {
  const fingers = new Map();
  const paneAt = (event) => (event.target.closest('.pane') ?? box).getBoundingClientRect();
  const spread = () => {
    const [one, other] = [...fingers.values()];
    return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  };
  box.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const pane = paneAt(event);
      zoomAt(
        box,
        Math.exp(-event.deltaY * 0.002),
        (event.clientX - pane.left) / pane.width,
        (event.clientY - pane.top) / pane.height,
      );
    },
    { passive: false },
  );
  box.addEventListener('pointerdown', (event) => {
    if (event.target.closest('.handle')) return;
    fingers.set(event.pointerId, event);
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    if (fingers.size === 2) {
      const wide = spread();
      fingers.set(event.pointerId, event);
      zoomAt(box, spread() / Math.max(1, wide));
      return;
    }
    const pane = box.querySelector('.pane').getBoundingClientRect();
    zoomed.x += (event.clientX - before.clientX) / pane.width;
    zoomed.y += (event.clientY - before.clientY) / pane.height;
    fingers.set(event.pointerId, event);
    keepInside();
    applyZoom(box);
  });
  const release = (event) => {
    if (fingers.delete(event.pointerId)) keepZoom(box);
  };
  box.addEventListener('pointerup', release);
  box.addEventListener('pointercancel', release);
  box.addEventListener('dblclick', () => zoomAt(box, zoomed.scale > 1 ? 1 / 32 : 3));
}
