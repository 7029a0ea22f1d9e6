using System;
using System.Text;

/// <summary>Asks the guide's code about each line of its input: a kind and fields in base64, "-" where there is none.</summary>
public static class Judge
{
    public static void Main()
    {
        for (string line; (line = Console.ReadLine()) != null;)
        {
            string[] fields = line.Split('\t');
            byte[] body = Convert.FromBase64String(fields[1]);
            string secret = Text(fields[2]);
            bool isGenuine = fields[0] == "simple"
                ? Simple.IsSignedByKeyhook(body, new[] { Text(fields[3]), Text(fields[4]) }, secret)
                : Keyhook.IsFromKeyhook(body, Text(fields[3]), Text(fields[4]), Text(fields[5]), secret);
            Console.WriteLine(isGenuine ? "true" : "false");
        }
    }

    private static string Text(string field) =>
        field == "-" ? null : Encoding.UTF8.GetString(Convert.FromBase64String(field));
}
