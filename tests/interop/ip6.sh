# ip6.sh -- cases over IPv6, for run.sh: addresses by neighbour discovery, both directions, bad networks.
wait_for_jobs 1
alone=$JOBS
JOBS=1
connections=1000
case_ "IPv6: a bulk download of 200 MB" download 200000000 40
case_ "IPv6: a bulk upload of 200 MB" upload 200000000 40
case_ "IPv6: client: a bulk download of 200 MB" client_download 200000000 40
case_ "IPv6: client: a bulk upload of 200 MB" client_upload 200000000 40
case_ "IPv6: 1000 short connections" short_connections 300 40
case_ "IPv6: client: 1000 short connections" client_short_connections 300 40
wait_for_jobs 1
JOBS=$alone

case_ "IPv6: without offloads, 20 MB down" download 20000000 40 --no-offload
case_ "IPv6: without offloads, 20 MB up" upload 20000000 40 --no-offload
case_ "IPv6: an MTU of 1280, 5 MB both ways" echoes 5000000 40 "--mtu 1280"
case_ "IPv6: an MTU of 9000, 20 MB both ways" echoes 20000000 40 "--mtu 9000"
case_ "IPv6: curl downloads 20 MB" curl_download 20000000 30
case_ "IPv6: curl uploads 20 MB" curl_upload 20000000 30
case_ "IPv6: curl, 30 downloads over one and over twenty connections" curl_many 100000 30
case_ "IPv6: client: python's HTTP server, 20 MB" python_server 20000000 30
impaired "IPv6: 3 % loss" "--loss 3 --delay 5ms" 1000000
impaired "IPv6: everything at once" "--loss 1 --reorder 1 --duplicate 1 --corrupt 0.1 --delay 5ms
	--jitter 2ms --rate 50M" 1000000
case_ "IPv6: curl downloads 2 MB with 2 % loss" curl_download 2000000 60 "--loss 2 --delay 5ms"
case_ "IPv6: curl uploads 2 MB with 2 % loss" curl_upload 2000000 60 "--loss 2 --delay 5ms"
