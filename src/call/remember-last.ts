/**
 * Lets a function return its last result again when it is called with the same object again. Only
 * for functions of their argument alone, and for objects that nobody changes.
 */
export function rememberLast<In extends object, Out>(
  compute: (input: In) => Out,
): (input: In) => Out {
  let last: { readonly input: In; readonly output: Out } | undefined;
  return (input) => {
    if (last?.input !== input) {
      last = { input, output: compute(input) };
    }
    return last.output;
  };
}
