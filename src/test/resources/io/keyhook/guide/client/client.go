// As client.mjs.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"client/keyhook"
)

func show(result keyhook.Result) {
	code := result.Code
	if code == "" {
		code = "-"
	}
	fmt.Println(result.Allowed, code)
}

func main() {
	command, args := os.Args[1], os.Args[2:]
	if command == "webhook" {
		headers := http.Header{}
		for i, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			headers.Set(name, args[i+1])
		}
		fmt.Println(keyhook.VerifyWebhook([]byte(args[0]), headers, args[4], time.Now()))
		return
	}
	text, err := os.ReadFile("keys.json")
	if err != nil {
		panic(err)
	}
	var keys keyhook.KeySet
	if err := json.Unmarshal(text, &keys); err != nil {
		panic(err)
	}
	tries, _ := strconv.Atoi(args[1])
	seconds, _ := strconv.Atoi(args[2])
	lease := os.Getenv("LEASE")
	if lease == "" {
		lease = "lease.json"
	}
	client := &keyhook.Client{Server: args[0], Keys: keys, File: lease, Tries: tries,
		Now: func() time.Time { return time.Now().Add(time.Duration(seconds) * time.Second) }}
	if len(args) > 5 {
		client.ProductID = args[5]
	}
	switch command {
	case "deactivate":
		fmt.Println(client.Deactivate(args[3], args[4]))
	case "heartbeat":
		ctx, cancel := context.WithCancel(context.Background())
		client.Heartbeat(ctx, args[3], args[4], 50*time.Millisecond, func(result keyhook.Result) {
			show(result)
			cancel()
		})
	case "again":
		show(client.Validate(args[3], args[4]))
		show(client.Offline(args[3], args[4]))
	default:
		show(client.Validate(args[3], args[4]))
	}
}
