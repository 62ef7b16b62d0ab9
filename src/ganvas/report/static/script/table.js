/** A table of any length: only the rows in view exist. */

import { h } from './dom.js';

const ROW = 38; // px, as in the style sheet
const SPARE = 8;
let scrolled = [0, 0];

/** The next table starts at its top instead of where the last one was left. */
export function forgetScroll() {
  scrolled = [0, 0];
}

/**
 * A table of `count` rows, each drawn by `render(index)` when it comes into view.
 *
 * `row(index)` is a row's element where it exists; `reveal(index)` scrolls it into view.
 */
export function virtualRows(count, render, label) {
  const body = h('div', { class: 'rows', role: 'rowgroup', style: { height: `${count * ROW}px` } });
  const box = h(
    'div',
    {
      class: 'table',
      tabindex: 0,
      role: 'grid',
      'aria-rowcount': count,
      'aria-label': label,
      'data-key': 'table',
    },
    body,
  );
  const live = new Map();
  const draw = () => {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - SPARE);
    const last = Math.min(count, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + SPARE);
    for (const [index, node] of live) {
      if (index >= first && index < last) continue;
      node.remove();
      live.delete(index);
    }
    for (let index = first; index < last; index++) {
      if (live.has(index)) continue;
      const node = render(index);
      node.style.transform = `translateY(${index * ROW}px)`;
      node.setAttribute('aria-rowindex', index + 1);
      live.set(index, node);
      body.append(node);
    }
    scrolled = [box.scrollTop, box.scrollLeft];
  };
  box.addEventListener('scroll', draw, { passive: true });
  new ResizeObserver(draw).observe(box);
  const restored = scrolled;
  requestAnimationFrame(() => {
    [box.scrollTop, box.scrollLeft] = restored;
    draw();
  });
  const reveal = (index) => {
    const head = box.querySelector('.head')?.offsetHeight ?? 0;
    const bottom = (index + 1) * ROW + head;
    if (index * ROW < box.scrollTop) box.scrollTop = index * ROW;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
    draw();
  };
  return { box, row: (index) => live.get(index), reveal };
}
