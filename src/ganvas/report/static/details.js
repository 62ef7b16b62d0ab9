/** What only a run's own page needs: fetched as a script from beside the page, or parsed from it. */

const detailsOf = new Map();
const waiting = new Map();

globalThis.ganvasDetails = (id, value) => {
  detailsOf.set(id, value);
  waiting.get(id)?.(value);
};

function details(run) {
  if (detailsOf.has(run.id)) return Promise.resolve(detailsOf.get(run.id));
  if (data.single) {
    const block = document.getElementById(`details:${run.id}`);
    detailsOf.set(run.id, block ? JSON.parse(block.textContent) : {});
    return Promise.resolve(detailsOf.get(run.id));
  }
  return new Promise((resolve) => {
    waiting.set(run.id, resolve);
    const script = h('script', { src: `runs/${encodeURIComponent(run.id)}.js`, onerror: () => resolve({}) });
    document.head.append(script);
  });
}
