/** A run's page: how to repeat it, its pictures, stages, configuration and provenance. */

function runPage() {
  const run = runById.get(state.run);
  if (!run) return h('section', { class: 'view' }, h('p', { class: 'empty' }, 'There is no such run in this study.'), backButton());
  const late = h('div', { class: 'late' });
  details(run).then((found) => append(clear(late), [commandCard(found), h('div', { class: 'columns' }, stagesCard(found), provenanceCard(found))]));
  return h('section', { class: 'view run' }, runHead(run), run.error && h('p', { class: 'error' }, run.error),
    runPictures(run), h('div', { class: 'columns' }, runMetrics(run), runCurve(run)), late, configCard(run));
}

const backButton = () => h('button', { type: 'button', class: 'back', onclick: () => set({ run: '' }) }, '← back');

function runHead(run) {
  const list = visibleRuns();
  const place = list.indexOf(run);
  const step = (by) => list[place + by] && set({ run: list[place + by].id });
  return h('header', { class: 'run-head' }, h('div', { class: 'bar' }, backButton(), stateCell(run), h('span', { class: 'grow' }),
    h('button', { type: 'button', title: 'Previous run (k)', disabled: place <= 0, onclick: () => step(-1) }, '↑'),
    h('button', { type: 'button', title: 'Next run (j)', disabled: place < 0 || place === list.length - 1, onclick: () => step(1) }, '↓')),
  h('h2', {}, axes.length ? axes.map((axis) => h('span', { class: 'chip' }, h('small', {}, axis.short), level(axis, run))) : run.slug),
  h('p', { class: 'note mono' }, run.id), h('p', { class: 'note' }, [run.edit, run.started?.replace('T', ' ').slice(0, 16), duration(final('seconds', run))].filter(Boolean).join(' · ')));
}

function runPictures(run) {
  if (!run.albums.length) return null;
  const columns = run.images.map((name, image) => {
    const kinds = albumOf(run, image).stills.map((item) => item.replace(/\.[^.]+$/, ''));
    const shown = ['target', 'mask', 'difference'].filter((kind) => kinds.includes(kind));
    const show = (caption, node, kind) => h('figure', {}, h('button', { type: 'button', class: 'picture',
      onclick: () => (kind === 'frame' ? openViewer(run, image) : set({ a: `${run.id}|${kind}`, b: `${run.id}|frame`, image: name, zoom: '' })) }, node), h('figcaption', {}, caption));
    return h('div', { class: 'images-row' }, h('b', { class: 'side' }, name), show('at the step', livePicture(run, image), 'frame'),
      shown.map((kind) => show(kind, stillPicture(run, stillPath(run, image, kind)), kind)),
      !data.single && kinds.includes('progress') && h('figure', {}, h('span', { class: 'picture' }, stillPicture(run, stillPath(run, image, 'progress'), { loading: 'lazy' })), h('figcaption', {}, 'video')));
  });
  return h('div', { class: 'card' }, h('h3', {}, 'Pictures'), h('div', { class: 'scroll images' }, columns),
    run.sheet && h('details', {}, h('summary', {}, 'contact sheet'), stillPicture(run, run.sheet, { class: 'sheet-picture', alt: 'Contact sheet' })));
}

function runMetrics(run) {
  const rows = metrics.map((metric) => h('tr', {}, h('th', { scope: 'row', title: data.metrics.find((item) => item.name === metric).about }, metric),
    h('td', {}, h('b', {}, metricValue(metric, final(metric, run)))), metric === 'seconds' ? run.images.map(() => h('td')) : run.images.map((_, image) => h('td', {}, num(finalOf(metric, run, image))))));
  return h('div', { class: 'card' }, h('h3', {}, 'Metrics'), h('div', { class: 'scroll' }, h('table', { class: 'plain' },
    h('thead', {}, h('tr', {}, h('th'), h('th', {}, 'mean'), run.images.map((name) => h('th', {}, name)))), h('tbody', {}, rows))));
}

function runCurve(run) {
  const names = Object.keys(data.curves.ofRun[run.index].mean);
  const metric = names.includes(state.metric) ? state.metric : names[0];
  if (!metric) return null;
  const points = bandOf([run], metric, false);
  return h('div', { class: 'card' }, h('h3', {}, `Curve of ${metric}`), drawCurves(metric, [{ name: metric, color: 'var(--series-1)', points }], innerWidth > 940 ? innerWidth / 2 - 96 : innerWidth - 64, 260, false));
}

function commandCard({ commands }) {
  const box = (text) => h('div', { class: 'command' }, h('code', {}, text), h('button', { type: 'button', onclick: (event) => copyText(text, event.target) }, 'copy'));
  return h('div', { class: 'card' }, h('h3', {}, 'Repeat it'), commands.map(box));
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h('textarea', { value: text, class: 'unseen' }); // an address file:// may lack the clipboard
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  button.textContent = 'copied';
}

function stagesCard({ stages }) {
  const names = Object.keys(stages ?? {});
  if (!names.length) return null;
  const line = (label, cell) => h('tr', {}, h('th', { scope: 'row' }, label), names.map((name) => h('td', {}, cell(stages[name]))));
  const shown = metrics.filter((metric) => names.some((name) => stages[name].final?.[metric] !== undefined));
  return h('div', { class: 'card' }, h('h3', {}, 'Stages'), h('div', { class: 'scroll' }, h('table', { class: 'plain' }, h('thead', {}, h('tr', {}, h('th'), names.map((name) => h('th', {}, name)))),
    h('tbody', {}, line('steps', (stage) => tickText(stage.steps ?? 0)), line('time', (stage) => duration(stage.seconds)), line('steps per second', (stage) => num(stage.steps_per_second)),
      line('peak memory', (stage) => (stage.peak_memory_mib ? `${Math.round(stage.peak_memory_mib).toLocaleString('en')} MiB` : MISSING)), shown.map((metric) => line(metric, (stage) => num(stage.final?.[metric])))))));
}

function provenanceCard({ provenance }) {
  if (!provenance || !Object.keys(provenance).length) return null;
  return h('div', { class: 'card' }, h('h3', {}, 'Provenance'), tree(provenance));
}

function tree(value) {
  if (value === null || typeof value !== 'object') return h('span', { class: 'mono' }, String(value));
  return h('dl', {}, Object.entries(value).map(([key, item]) => {
    const long = (typeof item === 'object' && item !== null) || String(item).length > 160;
    return [h('dt', {}, key), h('dd', {}, long ? h('details', {}, h('summary', {}, typeof item === 'object' ? `${Object.keys(item).length} entries` : 'show'), tree(item)) : tree(item))];
  }));
}

function configCard(run) {
  const differing = new Set(Object.keys(data.config.differs));
  const keys = [...differing, ...Object.keys(data.config.common)].filter((key) => configValue(key, run) !== null).sort();
  return h('details', { class: 'card config', open: true }, h('summary', {}, h('h3', {}, 'Configuration'), h('span', { class: 'note' }, 'keys that differ within the study are marked')),
    h('dl', {}, keys.map((key) => [h('dt', { class: differing.has(key) ? 'differs' : '' }, key), h('dd', { class: 'mono' }, configValue(key, run))])));
}
