/** One tooltip for all charts. */

const tip = h('div', { class: 'tip', hidden: true, role: 'status' });

function showTip(event, ...content) {
  append(clear(tip), content);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const x = event.clientX + 16 + width > innerWidth ? event.clientX - width - 12 : event.clientX + 16;
  const y = Math.min(innerHeight - height - 8, event.clientY + 14);
  tip.style.left = `${Math.max(6, x)}px`;
  tip.style.top = `${Math.max(6, y)}px`;
}

function hideTip() {
  tip.hidden = true;
}
