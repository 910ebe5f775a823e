/**
 * Wraps a function to return its last result when it is called again with the same value or object. Only
 * for functions that depend on their argument alone, and for objects that nobody changes.
 */
export function rememberLast<In, Out>(compute: (input: In) => Out): (input: In) => Out {
  let last: { readonly input: In; readonly output: Out } | undefined;
  return (input) => {
    if (last === undefined || !Object.is(last.input, input)) {
      last = { input, output: compute(input) };
    }
    return last.output;
  };
}

/**
 * Wraps a function to remember its result for each object, as long as that object lives. Only for
 * functions that depend on their argument alone, and for objects that nobody changes.
 */
export function rememberEach<In extends object, Out extends object>(
  compute: (input: In) => Out,
): (input: In) => Out {
  const outputs = new WeakMap<In, Out>();
  return (input) => {
    const known = outputs.get(input);
    if (known !== undefined) {
      return known;
    }
    const output = compute(input);
    outputs.set(input, output);
    return output;
  };
}
