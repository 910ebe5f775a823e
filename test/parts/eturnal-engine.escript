#!/usr/bin/env escript
%% A TURN server on the engine of eturnal (Debian's erlang-p1-stun), on 127.0.0.1. Arguments: the port, the
%% secret, and `strict` or `lax`: what eturnal calls strict_expiry.
main([Port, Secret, Expiry]) ->
    Key = list_to_binary(Secret),
    Password = fun(Username) -> base64:encode(crypto:mac(hmac, sha, Key, Username)) end,
    Authenticate = fun(Username, _Realm) ->
        [Time | _] = binary:split(Username, <<$:>>),
        case {binary_to_integer(Time) > erlang:system_time(second), Expiry} of
            {true, _} -> Password(Username);
            {false, "lax"} -> {expired, Password(Username)};
            {false, "strict"} -> <<>>
        end
    end,
    {ok, _} = application:ensure_all_started(stun),
    Loopback = {127, 0, 0, 1},
    Options = [{use_turn, true}, {turn_ipv4_address, Loopback}, {auth_type, user},
               {auth_realm, <<"turn.test">>}, {auth_fun, Authenticate}],
    ok = stun_listener:add_listener(Loopback, list_to_integer(Port), udp, Options),
    ok = stun_listener:add_listener(Loopback, list_to_integer(Port), tcp, Options),
    io:format("ready~n"),
    receive stop -> ok end.
