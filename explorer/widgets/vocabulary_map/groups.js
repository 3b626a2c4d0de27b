// Which group a token belongs to, and which tokens a search finds: no page here.

export const SORTS = ['often', 'kind', 'space', 'letter'];
export const OFTEN = [0, 1, 10, 100, 1000]; // read at least so often
export const RANKS = [0, 256, 1000, 5000, 20_000]; // ids from there on
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

const lastFrom = (starts, value) => starts.findLastIndex((start) => value >= start);

// { names, of }: the names of the groups, and which one each token is in. data: { n, kinds, spaces, letters, counts }. kindNames: in their order.
export function groupsOf(sort, data, kindNames) {
  const { n, kinds, spaces, letters, counts } = data;
  const each = (act) => Uint8Array.from({ length: n }, (_, id) => act(id));
  if (sort === 'kind') return { names: kindNames, of: kinds };
  if (sort === 'space') return { names: ['without', 'with'], of: spaces };
  if (sort === 'letter') return { names: ['none', ...LETTERS], of: letters };
  if (counts) return { names: OFTEN.map(String), of: each((id) => lastFrom(OFTEN, counts[id])) };
  const starts = RANKS.filter((start) => start < n);
  return { names: starts.map(String), of: each((id) => lastFrom(starts, id)) };
}

// The order in which tokens are named where there is room: those that were read most often first, else by id.
export function byImportance({ n, counts }) {
  const ids = Array.from({ length: n }, (_, id) => id);
  return counts ? ids.sort((one, other) => counts[other] - counts[one] || one - other) : ids;
}

// Ids whose text holds what was typed (spaces are written as ·, capitals do not matter), the whole text first, then those that begin so;
// `order` decides among equals.
export function found(texts, order, typed) {
  const wanted = typed.replaceAll(' ', '·').toLowerCase();
  if (!wanted) return [];
  const ranks = [[], [], []];
  for (const id of order) {
    const text = texts[id].toLowerCase();
    if (!text.includes(wanted)) continue;
    const bare = wanted.startsWith('·') ? text : text.replace(/^·/, '');
    ranks[bare === wanted ? 0 : bare.startsWith(wanted) ? 1 : 2].push(id);
  }
  return ranks.flat();
}
