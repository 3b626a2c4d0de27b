// Which numbers of the run a token that could have come has: no page.
import { lastPlace, nextToken } from '../shared/origins.js';
import { settingsOf } from './sentences.js';

// What the drawer is asked for { own, drawn }, the model's probability and the one after the filters, of token `id` at `place` of `tokens`,
// which were written after tree.ids by a model that reads tree.limit at once. Where filters acted, `drawn` is the logit that they were given.
export function originsOf(tree, tokens, place, id) {
  const after = tokens.slice(0, place).map((token) => token.id);
  const position = lastPlace(tree.ids.length + place, tree.limit);
  const parts = after.length ? { after } : {};
  const { logits, share } = nextToken(id, position, settingsOf(tokens[place].settings), parts);
  return { own: { kind: 'share', index: [position, id], ...parts }, drawn: share ?? logits };
}
