export default function mount({ props, trigger, watch, REST_MS }) {
  let resting;
  let last = props.value?.text;

  watch('value', () => {
    if (props.value?.text === last) return;
    last = props.value?.text;
    clearTimeout(resting);
    resting = setTimeout(() => trigger('submit'), REST_MS);
  });
}
