-- The requests of wrk, and its result as one line of JSON.
-- Arguments: the method, the body ("" for none), and optionally "cycle" or "once" and a file of
-- tokens. Every request of such a load carries the file's next token.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

-- Read by done() from each thread.
out_of_tokens = false

function init(args)
  wrk.method = args[1]
  if args[2] ~= "" then
    wrk.body = args[2]
  end
  if args[3] == nil then
    -- Without a function named request, wrk sends one prepared request again and again.
    return
  end
  local mode = args[3]
  local requests = {}
  for token in io.lines(args[4]) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format()
  end
  local count = #requests
  local sent = 0
  request = function()
    if sent == count then
      out_of_tokens = mode == "once"
      sent = 0
    end
    sent = sent + 1
    return requests[sent]
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local exhausted = false
  for _, thread in ipairs(threads) do
    exhausted = exhausted or thread:get("out_of_tokens")
  end
  io.write(string.format(
    '{"calls":%d,"seconds":%f,"bytes":%d,"errors":%d,"outOfTokens":%s}\n',
    summary.requests,
    summary.duration / 1e6,
    summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    tostring(exhausted)
  ))
end
