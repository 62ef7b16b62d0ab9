/** Sorting and grouping: the list of rows that the table shows. */

/** Without a choice, the best run by the page's metric comes first. */
const sortKey = () => state.sort || (higher(state.metric) ? `-${state.metric}` : state.metric);

function sorted(list) {
  const down = sortKey().startsWith('-');
  const column = allColumns.find(({ key }) => key === sortKey().replace(/^-/, ''));
  if (!column) return list;
  const sign = down ? -1 : 1;
  return [...list].sort((one, other) => {
    const a = column.sort(one);
    const b = column.sort(other);
    if (a === null || b === null) return (a === null) - (b === null); // what is missing comes last
    return sign * (typeof a === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true }));
  });
}

/** Rows of the table: runs, and with grouping a heading before each group. */
function tableRows(list) {
  const axis = axisByName.get(state.group);
  const ordered = sorted(list);
  if (!axis) return ordered.map((run) => ({ run }));
  const closed = new Set(listOf(state.closed));
  const groups = new Map();
  for (const run of ordered) {
    const name = level(axis, run);
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  const names = state.sort ? [...groups.keys()] : axis.levels.filter((name) => groups.has(name));
  return names.flatMap((name) => {
    const members = groups.get(name);
    const heading = { group: name, axis, members, closed: closed.has(name) };
    return [heading, ...(heading.closed ? [] : members.map((run) => ({ run })))];
  });
}

/** Mean and standard deviation of what is there. */
function moments(values) {
  const found = values.filter((value) => value !== null && value !== undefined);
  if (!found.length) return { n: 0, mean: null, sd: null };
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
  const sd = found.length > 1
    ? Math.sqrt(found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (found.length - 1)) : null;
  return { n: found.length, mean, sd };
}
