/** The filter language: words, `key=value`, `key!=value`, `key>number`, `key<number`. */

const TERM = /(-?)(?:([^\s"=<>!]+)(!=|>=|<=|=|>|<))?(?:"([^"]*)"|(\S+))/g;

const COMPARISONS = {
  '=': (value, wanted) => wanted.split('|').includes(String(value ?? '').toLowerCase()),
  '!=': (value, wanted) => !wanted.split('|').includes(String(value ?? '').toLowerCase()),
  '>': (value, wanted) => value !== null && Number(value) > Number(wanted),
  '<': (value, wanted) => value !== null && Number(value) < Number(wanted),
  '>=': (value, wanted) => value !== null && Number(value) >= Number(wanted),
  '<=': (value, wanted) => value !== null && Number(value) <= Number(wanted),
};

/**
 * The test that `text` asks for: a function from a run to whether all of its terms hold.
 *
 * `valueOf(key, run)` is what a key stands for, and `wordsOf(run)` the lower-case text in which
 * terms without a key are looked for.
 */
export function parseFilter(text, valueOf, wordsOf) {
  const terms = [...text.matchAll(TERM)].map(([, not, key, sign, quoted, bare]) => {
    const wanted = (quoted ?? bare).toLowerCase();
    if (!key) return (run) => wordsOf(run).includes(wanted) === !not;
    const compare = COMPARISONS[sign];
    return (run) => compare(valueOf(key, run) ?? null, wanted) === !not;
  });
  return (run) => terms.every((holds) => holds(run));
}
