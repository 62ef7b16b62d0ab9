/** The filter language: words, `key=value`, `key!=value`, `key>number`, `key<number`. */

const TERM = /(-?)(?:([^\s"=<>!]+)(!=|>=|<=|=|>|<))?(?:"([^"]*)"|(\S+))/g;

function valueOf(key, run) {
  if (axisByName.has(key)) return level(axisByName.get(key), run);
  if (isMetric(key)) return final(key, run);
  if (['state', 'edit', 'stage', 'step', 'id'].includes(key)) return run[key];
  return configValue(key, run);
}

function words(run) {
  run.words ??= [run.id, run.state, run.edit, run.error, ...axes.map((axis) => level(axis, run))]
    .concat(Object.keys(data.config.differs).map((key) => configValue(key, run)))
    .join('\n').toLowerCase();
  return run.words;
}

function term([, not, key, sign, quoted, bare]) {
  const wanted = (quoted ?? bare).toLowerCase();
  if (!key) return (run) => words(run).includes(wanted) === !not;
  const compare = {
    '=': (value) => wanted.split('|').includes(String(value ?? '').toLowerCase()),
    '!=': (value) => !wanted.split('|').includes(String(value ?? '').toLowerCase()),
    '>': (value) => value !== null && Number(value) > Number(wanted),
    '<': (value) => value !== null && Number(value) < Number(wanted),
    '>=': (value) => value !== null && Number(value) >= Number(wanted),
    '<=': (value) => value !== null && Number(value) <= Number(wanted),
  }[sign];
  return (run) => compare(valueOf(key, run) ?? null) === !not;
}

function parseFilter(text) {
  const terms = [...text.matchAll(TERM)].map(term);
  return (run) => terms.every((test) => test(run));
}
