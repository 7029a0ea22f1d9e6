using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

/// <summary>As client.mjs.</summary>
public static class Client
{
    public static async Task Main(string[] args)
    {
        if (args[0] == "webhook")
        {
            Show(Keyhook.VerifyWebhook(Encoding.UTF8.GetBytes(args[1]), args[2], args[3], args[4], args[5], Now()));
            return;
        }
        if (args[0] == "ed25519")
        {
            for (int i = 1; i < args.Length; i += 3)
            {
                Show(Keyhook.Ed25519.Verify(Hex(args[i]), Hex(args[i + 1]), Hex(args[i + 2])));
            }
            return;
        }
        long seconds = long.Parse(args[3]);
        string lease = Environment.GetEnvironmentVariable("LEASE") ?? "lease.json";
        var keyhook = new Keyhook(args[1], File.ReadAllText("keys.json"), lease, args.ElementAtOrDefault(6),
            int.Parse(args[2]), () => Now() + seconds);
        switch (args[0])
        {
            case "deactivate":
                Show(await keyhook.DeactivateAsync(args[4], args[5]));
                break;
            case "heartbeat":
                using (var ended = new CancellationTokenSource())
                {
                    int beats = 0;
                    Task beating = keyhook.HeartbeatAsync(args[4], args[5], TimeSpan.FromMilliseconds(50), result =>
                    {
                        if (++beats == 1)
                        {
                            throw new InvalidOperationException("of the app");
                        }
                        Show(result);
                        ended.Cancel();
                    }, ended.Token);
                    await Task.WhenAny(beating);
                }
                break;
            case "race":
                byte[] kept = File.ReadAllBytes(lease);
                for (int i = 0; i < 20; i++)
                {
                    File.WriteAllBytes(lease, kept);
                    var raced = new Keyhook(args[1], File.ReadAllText("keys.json"), lease, null, 1);
                    using var ended = new CancellationTokenSource();
                    Task racing = Task.Run(() =>
                    {
                        while (!ended.IsCancellationRequested)
                        {
                            raced.Offline(args[4], args[5]);
                        }
                    });
                    Keyhook.Result refused = await raced.ValidateAsync(args[4], args[5]);
                    ended.Cancel();
                    await racing;
                    bool isAllowed = raced.Offline(args[4], args[5]).Allowed;
                    Console.WriteLine($"{refused.Code} {isAllowed} {File.Exists(lease)}".Replace("False", "false"));
                }
                break;
            case "overlap":
                Task<Keyhook.Result> validated = keyhook.ValidateAsync(args[4], args[5]);
                await keyhook.DeactivateAsync(args[4], args[5]);
                await keyhook.DeactivateAsync(args[4], args[5]);
                Show(await validated);
                Show(keyhook.Offline(args[4], args[5]));
                break;
            case "moved":
                File.Move(lease, "moved");
                Show(await keyhook.ValidateAsync(args[4], args[5]));
                File.Move("moved", lease);
                Show(keyhook.Offline(args[4], args[5]));
                break;
            case "again":
                Show(await keyhook.ValidateAsync(args[4], args[5]));
                Show(keyhook.Offline(args[4], args[5]));
                break;
            default:
                Show(await keyhook.ValidateAsync(args[4], args[5]));
                break;
        }
    }

    private static long Now() => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private static byte[] Hex(string hex) =>
        Enumerable.Range(0, hex.Length / 2).Select(i => Convert.ToByte(hex.Substring(2 * i, 2), 16)).ToArray();

    private static void Show(bool flag) => Console.WriteLine(flag ? "true" : "false");

    private static void Show(Keyhook.Result result) =>
        Console.WriteLine($"{(result.Allowed ? "true" : "false")} {result.Code ?? "-"}");
}
