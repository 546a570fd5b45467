-- Token requests of many credentials in a scattered order. Arguments: a file of client ids, and the secret they share.
local requests, at = {}, 0

function init(args)
   wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
   local n = 0
   for id in io.lines(args[1]) do
      local body = "grant_type=client_credentials&client_id=" .. id .. "&client_secret=" .. args[2] ..
         "&scope=interaction-content%3Aread"
      n = n + 1
      requests[n] = wrk.format("POST", "/Auth/connect/token", nil, body)
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end
