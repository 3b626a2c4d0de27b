// Which numbers of the run a row shows, for the drawer to explain (widgets/drawer): no page, no state.

const LEAST_TEMPERATURE = 1e-3; // as explorer/answers/derived.py

// { logits, share }: what the drawer is asked for, null for what is no number of the run: logits that a person typed, a share after filters.
// position: of the token after which this one would come.
export function originsOf({ id, position, isOwn, settings }) {
  if (isOwn) return { logits: null, share: null };
  const { temperature, top_k: topK, top_p: topP, min_p: minP, repetition_penalty: penalty } = settings;
  const isPlain = temperature >= LEAST_TEMPERATURE && topK === 0 && topP === 1 && minP === 0 && penalty === 1;
  const index = [position, id];
  return {
    logits: { site: 'logits', layer: null, index },
    share: isPlain ? { kind: 'share', index, temperature } : null,
  };
}
