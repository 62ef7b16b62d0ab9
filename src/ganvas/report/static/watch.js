/** While a study runs, look for a newer version of this page and show it at the same place. */

globalThis.ganvasVersion = (built) => {
  if (built !== data.built) location.reload();
};

if (data.watch) {
  setInterval(() => {
    const script = h('script', { src: `version.js?${Date.now()}`, onload: () => script.remove(), onerror: () => script.remove() });
    document.head.append(script);
  }, 3000);
}
