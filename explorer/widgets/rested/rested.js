export default function mount({ props, trigger, watch, REST_MS }) {
  let resting;
  let last = props.value?.text;

  const rest = () => {
    clearTimeout(resting);
    resting = undefined;
    trigger('submit');
    trigger('input');
  };

  watch('value', () => {
    const { text, now = false } = props.value ?? {};
    if (text !== last) {
      clearTimeout(resting);
      last = text;
      resting = setTimeout(rest, REST_MS);
    }
    if (now && resting !== undefined) rest(); // Enter, before the pause is over
  });
}
