-- What became of it, once all webhooks have arrived.

-- ==== Leaderboard

SELECT * FROM rf_leaderboard LIMIT 10;

-- ==== From the first visit to the reward

SELECT * FROM rf_funnel;

-- ==== Rewards

SELECT rule.name AS rule, reward.state, count(*), sum(reward.amount) AS amount, reward.unit
FROM rf_reward AS reward
JOIN rf_reward_rule AS rule ON rule.id = reward.rule_id
GROUP BY rule.id, rule.name, reward.state, reward.unit
ORDER BY rule.id, reward.state;

-- ==== Status

\x on
SELECT * FROM rf_status;
