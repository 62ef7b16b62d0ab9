/** A table of any length: only the rows in view exist. */

const ROW = 38;
const SPARE = 8;
let tableScroll = [0, 0];

function virtualRows(count, render, label) {
  const body = h('div', { class: 'rows', style: { height: `${count * ROW}px` } });
  const box = h('div', { class: 'table', tabindex: 0, role: 'grid', 'aria-rowcount': count, 'aria-label': label, 'data-key': 'table' }, body);
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
    tableScroll = [box.scrollTop, box.scrollLeft];
  };
  box.addEventListener('scroll', draw, { passive: true });
  new ResizeObserver(draw).observe(box);
  const restore = tableScroll;
  requestAnimationFrame(() => {
    [box.scrollTop, box.scrollLeft] = restore;
    draw();
  });
  return {
    box, body, row: (index) => live.get(index),
    reveal(index) {
      const head = box.querySelector('.head')?.offsetHeight ?? 0;
      if (index * ROW < box.scrollTop) box.scrollTop = index * ROW;
      else if ((index + 1) * ROW + head > box.scrollTop + box.clientHeight) {
        box.scrollTop = (index + 1) * ROW + head - box.clientHeight;
      }
      draw();
    },
  };
}
